// Package protoschema reads Protobuf schemas as a schema registry has them: it parses .proto text or serialized file
// descriptors, prints them in the registry's form, gives their linked descriptors, and says whether data of one can be
// read with another. No file is ever read: imports are the references that come with a schema and the files that
// Confluent's registry knows without being told.
//
// All functions are safe for concurrent use; a Schema is immutable.
package protoschema

import (
	"context"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode/utf8"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/linker"
	"github.com/bufbuild/protocompile/parser"
	"github.com/bufbuild/protocompile/reporter"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Ref is a file that a schema may import by Name; Text is .proto text or a serialized descriptor.
type Ref struct{ Name, Text string }

// Schema is a parsed and linked file.
type Schema struct {
	text, normalized string
	file             protoreflect.FileDescriptor
}

// mainFile is the name of the schema itself, which has none.
const mainFile = "default"

//go:embed builtin
var builtin embed.FS

// Parse reads .proto text, or the base64 of a serialized google.protobuf.FileDescriptorProto. It fails on malformed
// text, with line and column, on names that do not resolve, and on imports that are neither in refs nor known:
// google/protobuf/*, google/type/*, confluent/meta.proto, confluent/type/*.
func Parse(text string, refs []Ref) (*Schema, error) {
	src, err := read(mainFile, text)
	if err != nil {
		return nil, err
	}
	compiler := protocompile.Compiler{Resolver: protocompile.WithStandardImports(resolver(src, refs)), MaxParallelism: 1}
	files, err := compiler.Compile(context.Background(), mainFile)
	if err != nil {
		return nil, fmt.Errorf("protobuf: %w", err)
	}
	s := &Schema{file: files[0]}
	if err := src.reread(files[0]); err != nil {
		return nil, fmt.Errorf("protobuf: %w", err)
	}
	s.text = src.print()
	if src.raw != nil {
		// A descriptor may have names that no text can have.
		if again, err := read(mainFile, s.text); err != nil || again.print() != s.text || !utf8.ValidString(s.text) {
			return nil, errors.New("protobuf: the descriptor says what cannot be written as .proto text")
		}
	}
	src.normalize(protodesc.ToFileDescriptorProto(files[0]))
	s.normalized = src.print()
	return s, nil
}

// source is a file before it is linked: names are as they are written.
type source struct {
	fdp  *descriptorpb.FileDescriptorProto
	ast  parser.Result // nil: from a serialized descriptor
	raw  []byte        // of a serialized descriptor
	sort bool          // print what has no order of its own in the order of names
}

func read(name, text string) (*source, error) {
	if raw, ok := serialized(text); ok {
		fdp := new(descriptorpb.FileDescriptorProto)
		if err := proto.Unmarshal(raw, fdp); err != nil {
			return nil, fmt.Errorf("protobuf: it is neither .proto text nor a serialized FileDescriptorProto: %w", err)
		}
		fdp.Name = &name
		return &source{fdp: fdp, raw: raw}, nil
	}
	handler := reporter.NewHandler(nil)
	node, err := parser.Parse(name, strings.NewReader(text), handler)
	if err != nil {
		return nil, fmt.Errorf("protobuf: %w", err)
	}
	ast, err := parser.ResultFromAST(node, true, handler)
	if err != nil {
		return nil, fmt.Errorf("protobuf: %w", err)
	}
	return &source{fdp: ast.FileDescriptorProto(), ast: ast}, nil
}

// serialized reports whether text is base64; no .proto text that says anything is.
func serialized(text string) ([]byte, bool) {
	if text == "" {
		return nil, false
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	return raw, err == nil
}

// resolver finds the schema and its imports.
func resolver(src *source, refs []Ref) protocompile.ResolverFunc {
	return func(path string) (protocompile.SearchResult, error) {
		if path == mainFile {
			if src.ast != nil {
				ast := parser.Clone(src.ast)
				lenient(ast.FileDescriptorProto())
				return protocompile.SearchResult{ParseResult: ast}, nil
			}
			fdp := proto.CloneOf(src.fdp)
			lenient(fdp)
			return protocompile.SearchResult{Proto: fdp}, nil
		}
		for _, r := range refs {
			if r.Name != path {
				continue
			}
			dep, err := read(path, r.Text)
			if err != nil {
				return protocompile.SearchResult{}, err
			}
			lenient(dep.fdp)
			if dep.ast != nil {
				return protocompile.SearchResult{ParseResult: dep.ast}, nil
			}
			return protocompile.SearchResult{Proto: dep.fdp}, nil
		}
		text, err := builtin.ReadFile("builtin/" + path)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
			return protocompile.SearchResult{}, fmt.Errorf("import %q is not known: register it and name it in the references", path)
		}
		return protocompile.SearchResult{Source: strings.NewReader(string(text))}, err
	}
}

// reread reads a serialized descriptor again, now that its custom options are known.
func (src *source) reread(file linker.File) error {
	if src.raw == nil {
		return nil
	}
	fdp := new(descriptorpb.FileDescriptorProto)
	if err := (proto.UnmarshalOptions{Resolver: linker.ResolverFromFile(file)}).Unmarshal(src.raw, fdp); err != nil {
		return err
	}
	fdp.Name, src.fdp = src.fdp.Name, fdp
	return nil
}

// String returns the text that the registry stores and compares: one declaration a line, two spaces for each level, no
// comments, type names as they were written.
func (s *Schema) String() string { return s.text }

// Normalized returns the text with all type names in full, and imports and options in the order of their names.
func (s *Schema) Normalized() string { return s.normalized }

// Name returns the full name of the first message, "" when there is none.
func (s *Schema) Name() string {
	if s.file.Messages().Len() == 0 {
		return ""
	}
	return string(s.file.Messages().Get(0).FullName())
}

// File returns the linked file; its imports are linked too. Its path is "default".
func (s *Schema) File() protoreflect.FileDescriptor { return s.file }

// Message returns the message at a path of positions, as the message indexes of a payload have it: the first one is
// among the file's messages, each further one among those nested in the one before.
func (s *Schema) Message(indexes ...int) (protoreflect.MessageDescriptor, error) {
	if len(indexes) == 0 {
		return nil, errors.New("protobuf: no message index")
	}
	var m protoreflect.MessageDescriptor
	in := s.file.Messages()
	for _, i := range indexes {
		if i < 0 || i >= in.Len() {
			return nil, fmt.Errorf("protobuf: the schema has no message at %v", indexes)
		}
		m = in.Get(i)
		in = m.Messages()
	}
	return m, nil
}

// Serialized returns the base64 of the file's google.protobuf.FileDescriptorProto, as format=serialized asks for.
func (s *Schema) Serialized() (string, error) {
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(protodesc.ToFileDescriptorProto(s.file))
	if err != nil {
		return "", fmt.Errorf("protobuf: %w", err)
	}
	return base64.StdEncoding.EncodeToString(raw), nil
}
