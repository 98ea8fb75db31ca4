"""Python's imaplib in the hands of imaplib_test.go.

usage: session.py ACTION HOST PORT TLS CA [ARGUMENT...]
TLS is none, imaps or starttls. Messages go through files; whatever is printed
is for the test to look at.
"""
import imaplib
import re
import ssl
import sys


def connect(host, port, tls, ca):
    context = ssl.create_default_context(cafile=ca)
    if tls == "imaps":
        return imaplib.IMAP4_SSL(host, int(port), ssl_context=context, timeout=20)
    c = imaplib.IMAP4(host, int(port), timeout=20)
    if tls == "starttls":
        ok(c.starttls(context))
    return c


def ok(answer):
    if answer[0] != "OK":
        raise SystemExit(f"refused: {answer}")
    return answer[1]


def quote(name):
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def login(c, user="anna", password="secret"):
    try:
        ok(c.login(user, password))
    except imaplib.IMAP4.error as e:
        raise SystemExit(f"login failed: {e}")


def lists(c):
    for line in ok(c.list()):
        print(line.decode("ascii"))
    print("namespaces", ok(c.namespace())[0].decode("ascii"))


def fetch(c, mailbox, prefix):
    """Write each message to PREFIX.number, by one FETCH of all."""
    count = int(ok(c.select(quote(mailbox), readonly=True))[0])
    print("messages", count)
    data = ok(c.fetch("1:*", "(UID FLAGS RFC822.SIZE BODY.PEEK[])"))
    for i, (head, raw) in enumerate((d for d in data if isinstance(d, tuple)), 1):
        size = int(re.search(rb"RFC822\.SIZE (\d+)", head)[1])
        if size != len(raw):
            raise SystemExit(f"RFC822.SIZE is {size}, the message has {len(raw)}")
        with open(f"{prefix}.{i}", "wb") as f:
            f.write(raw)
    c.close()


def flags(c, mailbox):
    ok(c.select(quote(mailbox)))
    (number,) = ok(c.search(None, "SUBJECT", '"one"'))[0].split()
    print(ok(c.store(number, "+FLAGS", r"(\Flagged $Todo)")))
    print(ok(c.store(number, "-FLAGS", r"(\Flagged)")))
    c.close()


def upload(c, mailbox, *files):
    for name in files:
        with open(name, "rb") as f:
            print(ok(c.append(quote(mailbox), r"(\Seen)", None, f.read())))


def move(c, mailbox, target):
    ok(c.select(quote(mailbox)))
    (uid,) = ok(c.uid("SEARCH", "SUBJECT", '"two"'))[0].split()
    ok(c.uid("MOVE", uid, quote(target)))
    ok(c.uid("COPY", ok(c.uid("SEARCH", "SUBJECT", '"one"'))[0], quote(target)))
    c.unselect()


def delete(c, mailbox):
    ok(c.select(quote(mailbox)))
    (number,) = ok(c.search(None, "SUBJECT", '"two"'))[0].split()
    ok(c.store(number, "+FLAGS.SILENT", r"\Deleted"))
    print("expunged", ok(c.expunge()))
    c.close()


def follow(c, mailbox):
    """Print what NOOP tells whenever a line comes in, until the end."""
    print("exists", ok(c.select(quote(mailbox)))[0].decode(), flush=True)
    for _ in sys.stdin:
        ok(c.noop())
        for kind in ("EXISTS", "EXPUNGE", "FETCH"):
            print(kind, c.response(kind)[1], end=" ")
        print(flush=True)


def share(c, mailbox, raw):
    print("rights", ok(c.myrights(quote(mailbox))))
    ok(c.select(quote(mailbox)))
    ok(c.store("1", "+FLAGS", r"(\Seen \Flagged)"))
    print("delete", c.store("1", "+FLAGS", r"(\Deleted)"))
    with open(raw, "rb") as f:
        print("append", c.append(quote(mailbox), None, None, f.read()))
    c.close()


def main(action, host, port, tls, ca, *args):
    c = connect(host, port, tls, ca)
    if action == "login":
        login(c, *args)
    else:
        login(c, "ben" if action == "share" else "anna")
        {f.__name__: f for f in (lists, fetch, flags, upload, move, delete, follow, share)}[action](c, *args)
    c.logout()
    print("done")


main(*sys.argv[1:])
