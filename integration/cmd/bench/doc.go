// Command bench prints what recordings cost: CPU-seconds per recorded second and peak memory by role,
// beside a bare encoder that is fed the same frames in the same run. It judges nothing: the ratios and
// counts are to be compared between commits on one machine.
package main
