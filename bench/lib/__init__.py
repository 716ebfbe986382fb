"""What bench/compare, bench/report and bench/simulate share."""
