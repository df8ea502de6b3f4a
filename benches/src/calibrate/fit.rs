//! Fits `ns = base + per_unit * units` to measured sizes.
//!
//! Least squares of the *relative* error, because sizes span six orders of magnitude and a price must be right at each
//! of them; neither part is negative, because a price cannot be.

/// A fitted line, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Of each use.
    pub base: f64,
    /// Of each unit.
    pub per_unit: f64,
    /// Share of the variance that the line explains, 1 at best; `None` where one size was measured.
    pub r2: Option<f64>,
}

/// Fits a line to `(units, ns)`; several figures of one size count by the largest, which the price must cover.
pub fn line(points: &[(u64, f64)]) -> Line {
    let points = envelope(points);
    let weighted = |f: &dyn Fn(f64, f64) -> f64| points.iter().map(|&(x, y)| f(x, y) / (y * y)).sum::<f64>();
    let (w, x, y) = (weighted(&|_, _| 1.0), weighted(&|x, _| x), weighted(&|_, y| y));
    let (xx, xy) = (weighted(&|x, _| x * x), weighted(&|x, y| x * y));
    let determinant = w * xx - x * x;
    let (mut base, mut per_unit) = if determinant > f64::EPSILON * w * xx {
        ((y * xx - x * xy) / determinant, (w * xy - x * y) / determinant)
    } else {
        (y / w, 0.0)
    };
    if per_unit < 0.0 {
        (base, per_unit) = (y / w, 0.0);
    } else if base < 0.0 {
        (base, per_unit) = (0.0, xy / xx);
    }
    let mean = y / w;
    let total = weighted(&|_, y| (y - mean) * (y - mean));
    let rest = weighted(&|x, y| (y - base - per_unit * x) * (y - base - per_unit * x));
    let r2 = (points.len() > 1).then(|| if total > 0.0 { 1.0 - rest / total } else { 1.0 });
    Line { base, per_unit, r2 }
}

/// Keeps the largest figure of each size; figures below a tenth of a nanosecond count as that.
fn envelope(points: &[(u64, f64)]) -> Vec<(f64, f64)> {
    let mut largest = std::collections::BTreeMap::new();
    for &(units, ns) in points {
        let kept = largest.entry(units).or_insert(0.1_f64);
        *kept = kept.max(ns);
    }
    largest.into_iter().map(|(units, ns)| (units as f64, ns)).collect()
}

#[cfg(test)]
mod tests {
    use super::line;

    fn close(actual: f64, expected: f64) -> bool {
        (actual - expected).abs() <= 1e-6 * expected.abs().max(1.0)
    }

    #[test]
    fn a_line_is_found_exactly_over_six_orders_of_magnitude() {
        let fitted = line(&[(0, 100.0), (1_000, 600.0), (1_000_000, 500_100.0)]);
        assert!(close(fitted.base, 100.0) && close(fitted.per_unit, 0.5), "{fitted:?}");
        assert!(close(fitted.r2.unwrap_or_default(), 1.0), "{fitted:?}");
    }

    #[test]
    fn the_dearest_figure_of_a_size_counts() {
        let fitted = line(&[(0, 10.0), (0, 40.0), (0, 20.0)]);
        assert!(close(fitted.base, 40.0) && close(fitted.per_unit, 0.0) && fitted.r2.is_none(), "{fitted:?}");
    }

    #[test]
    fn no_part_is_negative() {
        let falling = line(&[(0, 100.0), (10, 50.0)]);
        assert!(falling.base > 0.0 && close(falling.per_unit, 0.0), "{falling:?}");
        let steep = line(&[(1, 1.0), (10, 1_000.0)]);
        assert!(close(steep.base, 0.0) && steep.per_unit > 0.0, "{steep:?}");
    }
}
