package cli

import (
	"fmt"
	"math/big"
	"strings"
	"time"
)

// mebibytes are the units of size that are accepted, in MiB.
var mebibytes = map[string]int64{
	"mi": 1, "mib": 1,
	"gi": 1024, "gib": 1024,
	"ti": 1024 * 1024, "tib": 1024 * 1024,
}

// parseSize reads a size like 512MiB, 1.5GiB or 2Ti and returns it in MiB.
// Decimal units are refused, because a disk of 10 GB is not one of 10 GiB.
func parseSize(text string) (int, error) {
	digits := strings.TrimRight(strings.TrimSpace(text), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
	unit := strings.ToLower(strings.TrimSpace(strings.TrimSpace(text)[len(digits):]))
	factor, known := mebibytes[unit]
	if !known {
		switch unit {
		case "":
			return 0, fmt.Errorf("%q lacks a unit; write for example 512MiB or 10GiB", text)
		case "m", "mb", "g", "gb", "t", "tb":
			return 0, fmt.Errorf("%q has a decimal unit; write %s%siB", text, digits, strings.ToUpper(unit[:1]))
		}
		return 0, fmt.Errorf("%q is not a size; write for example 512MiB or 10GiB", text)
	}
	n, ok := decimal(digits)
	if !ok {
		return 0, fmt.Errorf("%q is not a size; write for example 512MiB or 10GiB", text)
	}
	n.Mul(n, new(big.Rat).SetInt64(factor))
	if !n.IsInt() || !fits(n) {
		return 0, fmt.Errorf("%q is not a whole number of MiB", text)
	}
	return int(n.Num().Int64()), nil
}

// parseGiB reads a size that must be a whole number of GiB.
func parseGiB(text string) (int, error) {
	mib, err := parseSize(text)
	if err != nil {
		return 0, err
	}
	if mib%1024 != 0 {
		return 0, fmt.Errorf("%q is not a whole number of GiB", text)
	}
	return mib / 1024, nil
}

// parseCPU reads cores (2, 0.5) or thousandths of one (500m) and returns
// thousandths.
func parseCPU(text string) (int, error) {
	number, milli := strings.CutSuffix(strings.TrimSpace(text), "m")
	n, ok := decimal(number)
	if !ok {
		return 0, fmt.Errorf("%q is not a number of cores; write for example 2, 0.5 or 500m", text)
	}
	if !milli {
		n.Mul(n, new(big.Rat).SetInt64(1000))
	}
	if !n.IsInt() || !fits(n) {
		return 0, fmt.Errorf("%q is not a whole number of thousandths of a core", text)
	}
	return int(n.Num().Int64()), nil
}

// decimal reads a plain decimal number without sign or exponent.
func decimal(text string) (*big.Rat, bool) {
	if text == "" || len(text) > 20 || strings.Trim(text, "0123456789.") != "" {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

func fits(n *big.Rat) bool {
	return n.Num().IsInt64() && n.Num().Int64() <= 1<<31-1
}

// showMiB writes a size in MiB with the largest unit that keeps it whole.
func showMiB(mib int) string {
	switch {
	case mib >= 1<<20 && mib%(1<<20) == 0:
		return fmt.Sprintf("%d TiB", mib>>20)
	case mib >= 1<<10 && mib%(1<<10) == 0:
		return fmt.Sprintf("%d GiB", mib>>10)
	}
	return fmt.Sprintf("%d MiB", mib)
}

// showCPU writes thousandths of a core.
func showCPU(millis int) string {
	if millis%1000 == 0 {
		return fmt.Sprint(millis / 1000)
	}
	return fmt.Sprintf("%dm", millis)
}

// showAge writes a duration roughly, as people say it.
func showAge(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// showTook writes how long something took.
func showTook(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}
