// Package javaregex compiles the regular expressions of configurations, which are those of java.util.regex.Pattern.
//
// An expression is parsed by Java's grammar, its character classes are computed as sets of code points, and what results is written in
// the syntax of an engine: the standard library's, which matches in linear time, where that means the same; regexp2, which backtracks
// as Java does, where the expression has look-around, back-references, atomic groups or possessive quantifiers. What neither can say is
// refused by [Compile] with the reason: \G, \X, \N{…}, \b{g}, blocks (\p{In…}), the flags U and c, a back-reference under (?i).
//
// Like Java 19 and later, \b looks at ASCII letters, digits and the underscore, as \w does; earlier versions look at the letters of all
// scripts. Properties are those of Go's Unicode tables. A group that took part only in an attempt that failed has no text here; Java
// sometimes leaves it with that of the attempt. A look-behind may be of any length.
package javaregex
