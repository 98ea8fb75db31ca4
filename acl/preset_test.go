package acl

import (
	"slices"
	"strings"
	"testing"
)

func TestPresets(t *testing.T) {
	letters := map[string]string{
		"none":              "",
		"contributor":       "lip",
		"reader":            "lrs",
		"nonediting-author": "lrsip2",
		"author":            "lrsip12",
		"publishing-author": "lrsipk12",
		"editor":            "lrswipte",
		"publishing-editor": "lrswipkte",
		"manager":           "lrswipkxte",
		"owner":             "lrswipkxtea",
	}
	for _, p := range Presets() {
		if p.Rights.Letters() != letters[p.Name] {
			t.Errorf("%s: %s, want %s", p.Name, p.Rights.Letters(), letters[p.Name])
		}
		if p.Rights&^Supported != None || p.About == "" {
			t.Errorf("%s: %+v", p.Name, p)
		}
		if back, ok := PresetOf(p.Rights); !ok || back != p {
			t.Errorf("PresetOf(%s) = %+v, %v", p.Rights, back, ok)
		}
		for _, name := range []string{p.Name, strings.ToUpper(p.Name), p.Exchange} {
			if got, err := PresetByName(name); name != "" && (err != nil || got != p) {
				t.Errorf("PresetByName(%q) = %+v, %v", name, got, err)
			}
		}
		delete(letters, p.Name)
	}
	if len(letters) > 0 {
		t.Errorf("missing: %v", letters)
	}
	for _, bad := range []string{"", "boss", "lrs"} {
		if p, err := PresetByName(bad); err == nil || !strings.Contains(err.Error(), "there are none, contributor, reader") {
			t.Errorf("PresetByName(%q) = %+v, %v", bad, p, err)
		}
	}
	if p, ok := PresetOf(Lookup | Admin); ok {
		t.Errorf("la is %+v", p)
	}
}

// The permission levels of MS-OXCPERM, as operations on the items of a folder.
func TestExchangeLevels(t *testing.T) {
	const (
		create, readAll, subfolders, visible = "create", "read", "subfolders", "visible"
		editOwn, editAll, deleteOwn, delAll  = "edit own", "edit all", "delete own", "delete all"
		manage                               = "manage"
	)
	levels := map[string][]string{
		"None":             {},
		"Contributor":      {create, visible},
		"Reviewer":         {readAll, visible},
		"NonEditingAuthor": {create, readAll, visible, deleteOwn},
		"Author":           {create, readAll, visible, editOwn, deleteOwn},
		"PublishingAuthor": {create, readAll, visible, editOwn, deleteOwn, subfolders},
		"Editor":           {create, readAll, visible, editOwn, deleteOwn, editAll, delAll},
		"PublishingEditor": {create, readAll, visible, editOwn, deleteOwn, editAll, delAll, subfolders},
		"Owner":            {create, readAll, visible, editOwn, deleteOwn, editAll, delAll, subfolders, manage},
	}
	for level, want := range levels {
		p, err := PresetByName(level)
		if err != nil {
			t.Error(err)
			continue
		}
		r, own := p.Rights, p.Rights.Of(true)
		for operation, allowed := range map[string]bool{
			create: r.Has(Insert), readAll: r.Has(Read), subfolders: r.Has(Create), visible: r.Has(Lookup),
			editOwn: own.Has(Write), editAll: r.Has(Write), deleteOwn: own.Has(Delete | Expunge), delAll: r.Has(Delete | Expunge),
			manage: r.Has(Admin),
		} {
			if allowed != slices.Contains(want, operation) {
				t.Errorf("%s: %q is %v", level, operation, allowed)
			}
		}
	}
}

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"": "do nothing", "l": "see the folder", "lrs": "see the folder, read messages and mark messages as read",
		"lrswipkxtea": "do everything", "12": "change flags of own messages and delete own messages",
	} {
		if got := rights(text).Words(); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if len(words) != len(letters) {
		t.Errorf("%d words for %d letters", len(words), len(letters))
	}
}

func TestListRights(t *testing.T) {
	tests := []struct {
		name      string
		who       Who
		isOwner   bool
		supported Rights
		required  string
		groups    string
	}{
		{"anna", anna, false, Full, "", "l r s w i p k x t e c d a"},
		{"the owner by name", anna, true, Full, "la", "r s w i p k x t e c d"},
		{"owner", owner, false, Supported, "la", "r s w i p k x t e c d 1 2"},
		{"-owner", minus(owner), false, Full, "", "l r s w i p k x t e c d a"},
		{"minus the owner by name", minus(anna), true, Full, "", "l r s w i p k x t e c d a"},
		{"few rights", anyone, false, Lookup | Read | Create, "", "l r k c"},
	}
	for _, tt := range tests {
		g := ListRights(tt.who, tt.isOwner, tt.supported)
		if got := g.Required(); got != tt.required {
			t.Errorf("%s: required %q, want %q", tt.name, got, tt.required)
		}
		groups := g.Groups()
		if got := strings.Join(groups, " "); got != tt.groups {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.groups)
		}
		all := g.Required() + strings.Join(groups, "")
		for i, c := range all {
			if strings.ContainsRune(all[:i], c) {
				t.Errorf("%s: %q is listed twice (RFC 4314 section 3.7)", tt.name, c)
			}
		}
	}
}
