package javaregex

// Check is Compile for the validation of a configuration key.
func Check(expr string) error {
	_, err := Compile(expr)
	return err
}
