package socketmap

import (
	"bufio"
	"errors"
	"io"
	"strconv"
)

// maxRequest is the longest request, in octets: the name of a map and an address
// with its quoting.
const maxRequest = 4096

var (
	errNetstring = errors.New("socketmap: the request is no netstring")
	errTooLong   = errors.New("socketmap: the request is too long")
)

// readNetstring reads "<length>:<octets>,". The error is io.EOF only before
// its first octet.
func readNetstring(in *bufio.Reader) (string, error) {
	length, digits := 0, 0
	for {
		c, err := in.ReadByte()
		switch {
		case err == io.EOF && digits > 0:
			return "", io.ErrUnexpectedEOF
		case err != nil:
			return "", err
		case c == ':' && digits > 0:
			return readBody(in, length)
		case c < '0' || c > '9' || digits > 0 && length == 0: // no leading zeros
			return "", errNetstring
		}
		digits++
		if length = length*10 + int(c-'0'); length > maxRequest {
			return "", errTooLong
		}
	}
}

func readBody(in *bufio.Reader, length int) (string, error) {
	b := make([]byte, length+1)
	if _, err := io.ReadFull(in, b); err == io.EOF {
		return "", io.ErrUnexpectedEOF
	} else if err != nil {
		return "", err
	}
	if b[length] != ',' {
		return "", errNetstring
	}
	return string(b[:length]), nil
}

func appendNetstring(b []byte, s string) []byte {
	b = strconv.AppendInt(b, int64(len(s)), 10)
	b = append(b, ':')
	b = append(b, s...)
	return append(b, ',')
}
