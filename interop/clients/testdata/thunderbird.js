// What thunderbird_test.go needs of Thunderbird's own objects. It is run once in
// the main window and leaves its functions in window.interop.
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");

// listening turns a call with an nsIUrlListener into a promise.
function listening(call) {
  return new Promise((resolve, reject) => {
    call({
      QueryInterface: ChromeUtils.generateQI(["nsIUrlListener"]),
      OnStartRunningUrl() {},
      OnStopRunningUrl(url, status) {
        if (Components.isSuccessCode(status)) resolve();
        else reject(new Error(`status 0x${status.toString(16)}`));
      },
    });
  });
}

// copying does so for an nsIMsgCopyServiceListener.
function copying(call) {
  return new Promise((resolve, reject) => {
    call({
      QueryInterface: ChromeUtils.generateQI(["nsIMsgCopyServiceListener"]),
      onStartCopy() {},
      onProgress() {},
      setMessageKey() {},
      getMessageId() { return null; },
      onStopCopy(status) {
        if (Components.isSuccessCode(status)) resolve();
        else reject(new Error(`status 0x${status.toString(16)}`));
      },
    });
  });
}

function server(user) {
  return MailServices.accounts.accounts.map(a => a.incomingServer).find(s => s.username == user && s.type == "imap");
}

// folders returns those of a user's account with their names in UTF-8, which it enables.
function folders(user) {
  return server(user).rootFolder.descendants.map(f => f.QueryInterface(Ci.nsIMsgImapMailFolder));
}

function folder(user, name) {
  const found = folders(user).find(f => f.onlineName == name);
  if (!found) throw new Error(`${user} sees no folder ${name} but ${folders(user).map(f => f.onlineName)}`);
  return found;
}

function header(user, name, subject) {
  for (const h of folder(user, name).messages) {
    if (h.subject == subject) return h;
  }
  throw new Error(`no message ${subject} in ${name}`);
}

window.interop = {
  // trust takes an authority.
  async trust(certificate) {
    Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB).addCertFromBase64(certificate, "CTu,CTu,");
  },

  // password makes Thunderbird know a password, and forget the one before.
  async password(user, password) {
    const origin = "imap://localhost";
    for (const old of await Services.logins.searchLoginsAsync({ origin })) {
      if (old.username == user) await Services.logins.removeLoginAsync(old);
    }
    const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
    login.init(origin, null, origin, user, password, "", "");
    await Services.logins.addLoginAsync(login);
    server(user).forgetSessionPassword(false);
  },

  // discover looks for the folders of an account.
  async discover(user) {
    const s = server(user);
    s.performExpand(msgWindow);
  },

  folders(user) {
    return folders(user).map(f => ({
      name: f.onlineName, pretty: f.name, unread: f.getNumUnread(false), total: f.getTotalMessages(false),
      sent: f.isSpecialFolder(Ci.nsMsgFolderFlags.SentMail), trash: f.isSpecialFolder(Ci.nsMsgFolderFlags.Trash),
      canDelete: f.canDeleteMessages, canFile: f.canFileMessages,
    }));
  },

  messages(user, name) {
    return [...folder(user, name).messages].map(h => ({ subject: h.subject, read: h.isRead, flagged: h.isFlagged }));
  },

  // show opens a folder in the window, as a click on it does.
  async show(user, name) {
    document.getElementById("tabmail").currentAbout3Pane.displayFolder(folder(user, name));
    folder(user, name).updateFolder(msgWindow);
  },

  // open shows a message of the folder that is shown, and text returns it.
  async open(subject) {
    const pane = document.getElementById("tabmail").currentAbout3Pane;
    const view = pane.gDBView;
    for (let i = 0; i < view.rowCount; i++) {
      if (view.getMsgHdrAt(i).subject == subject) {
        pane.threadTree.selectedIndex = i;
        return true;
      }
    }
    return false;
  },

  text() {
    const message = document.getElementById("tabmail").currentAboutMessage;
    const browser = message?.getMessagePaneBrowser();
    return browser?.contentDocument?.body?.innerText ?? "";
  },

  // command does what a menu item does, if that is not disabled.
  command(name) {
    const controller = document.getElementById("tabmail").currentTabInfo.chromeBrowser.contentWindow.commandController;
    if (!controller.isCommandEnabled(name)) return false;
    controller.doCommand(name);
    return true;
  },

  // source returns a message's octets in base64.
  async source(user, name, subject) {
    const h = header(user, name, subject);
    const uri = h.folder.getUriForMsg(h);
    const octets = await new Promise((resolve, reject) => {
      const parts = [];
      MailServices.messageServiceFromURI(uri).streamMessage(uri, {
        QueryInterface: ChromeUtils.generateQI(["nsIStreamListener"]),
        onStartRequest() {},
        onDataAvailable(request, stream, offset, count) {
          const s = Cc["@mozilla.org/binaryinputstream;1"].createInstance(Ci.nsIBinaryInputStream);
          s.setInputStream(stream);
          parts.push(s.readBytes(count));
        },
        onStopRequest(request, status) {
          if (Components.isSuccessCode(status)) resolve(parts.join(""));
          else reject(new Error(`status 0x${status.toString(16)}`));
        },
      }, null, null, false, "", false);
    });
    return btoa(octets);
  },

  // upload copies a file into a folder, as dropping it there does.
  async upload(user, name, path) {
    const file = Cc["@mozilla.org/file/local;1"].createInstance(Ci.nsIFile);
    file.initWithPath(path);
    await copying(l => MailServices.copy.copyFileMessage(file, folder(user, name), null, false, 0, "", l, msgWindow));
  },

  async transfer(user, from, subject, to, move) {
    await copying(l => MailServices.copy.copyMessages(folder(user, from), [header(user, from, subject)], folder(user, to), move, l, msgWindow, true));
  },

  // download keeps all messages of a folder for offline use.
  async download(user, name) {
    await listening(l => folder(user, name).downloadAllForOffline(l, msgWindow));
  },

  // offline leaves the network, or comes back and does what was done meanwhile.
  async offline(away) {
    const manager = Cc["@mozilla.org/messenger/offline-manager;1"].getService(Ci.nsIMsgOfflineManager);
    if (away) {
      Services.io.offline = true;
    } else {
      manager.goOnline(false, true, msgWindow);
    }
  },
};
