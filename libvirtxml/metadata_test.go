package libvirtxml

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"vifd/vif"
)

// bound returns a bare element as libvirt keeps it: in vifd's namespace.
func bound(element string) string {
	return strings.Replace(element, "<ports", `<ports xmlns="`+Namespace+`"`, 1)
}

func TestMetadata(t *testing.T) {
	for _, tt := range []struct {
		name string
		m    Metadata
		want string
	}{
		{"nothing", Metadata{}, ""},
		{"an owner", Metadata{Owner: Owner{Project: "p", Name: "web"}}, `<ports><owner project="p" name="web"></owner></ports>`},
		{"two ports", Metadata{Ports: []Port{{ID: "a", MAC: "m", Gen: 1}, {ID: "b", Tag: "nic1", MAC: "n", Gen: -2}}},
			`<ports><port id="a" mac="m" gen="1"></port><port id="b" tag="nic1" mac="n" gen="-2"></port></ports>`},
		{"a tag with markup", Metadata{Ports: []Port{{ID: "a", Tag: `"><evil/>&lt;ü'`}}},
			`<ports><port id="a" tag="&#34;&gt;&lt;evil/&gt;&amp;lt;ü&#39;" mac="" gen="0"></port></ports>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.m.Element()
			if err != nil || got != tt.want {
				t.Fatalf("got %q and %v, want %q", got, err, tt.want)
			}
			domain := inDomain("", bound(got))
			validate(t, domain)
			d, err := Parse(domain)
			if err != nil || !reflect.DeepEqual(d.Metadata, tt.m) {
				t.Errorf("read back %+v and %v, want %+v", d.Metadata, err, tt.m)
			}
		})
	}
}

func TestMetadataRefuses(t *testing.T) {
	for _, bad := range []string{"\x00", "a\nb", "\x1b[2J", "\x7f", "\u0085", "\uFFFE", "\uFFFD", "a\xffb"} {
		for _, m := range []Metadata{
			{Ports: []Port{{ID: "a", Tag: vif.Tag(bad)}}},
			{Ports: []Port{{ID: bad}}},
			{Ports: []Port{{ID: "a", MAC: bad}}},
			{Owner: Owner{Project: bad}},
			{Owner: Owner{User: bad}},
			{Owner: Owner{Name: bad}},
		} {
			if text, err := m.Element(); !errors.Is(err, vif.Invalid) {
				t.Errorf("%+v: got %q and %v, want %v", m, text, err, vif.Invalid)
			}
		}
	}
}

func TestMetadataPorts(t *testing.T) {
	one := Metadata{Owner: Owner{Project: "p"}}.With(Port{ID: "a", Gen: 1}).With(Port{ID: "b", Gen: 1})
	two := one.With(Port{ID: "a", Gen: 2})
	if p, ok := two.Port("a"); !ok || p.Gen != 2 || len(two.Ports) != 2 {
		t.Errorf("a was not replaced: %+v", two)
	}
	if p, _ := one.Port("a"); p.Gen != 1 {
		t.Errorf("With changed what it was called on: %+v", one)
	}
	if left := two.Without("a").Without("a"); len(left.Ports) != 1 || left.Ports[0].ID != "b" || left.Owner.Project != "p" {
		t.Errorf("without a: %+v", left)
	}
}

// What somebody broke by hand costs that port alone.
func TestMetadataBroken(t *testing.T) {
	d, err := Parse(inDomain("", bound(`<ports><port id="a" gen="x"/><port gen="1"/><port/><port id="b" gen="3"/></ports>`)))
	if err != nil || !reflect.DeepEqual(d.Metadata.Ports, []Port{{ID: "b", Gen: 3}}) {
		t.Errorf("got %+v and %v", d.Metadata.Ports, err)
	}
}
