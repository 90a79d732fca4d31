//! Draws the table as an SVG chart.

use std::fmt::Write as _;

/// Positions and lengths in pixels.
const WIDTH: usize = 760;
const LABELS: usize = 170;
const LONGEST: f64 = 480.0;
const BAR: usize = 14;
const TITLE: usize = 30;

/// The bars of a row: a figure for each client.
pub struct Bars {
    pub title: String,
    pub values: Vec<(&'static str, f64)>,
}

/// Draws the rows below each other. The longest bar of each has the full length.
pub fn svg(rows: &[Bars]) -> String {
    let mut shapes = String::new();
    let mut top = 0;
    for row in rows {
        let title = &row.title;
        text(&mut shapes, 0, top + TITLE - 8, "title", title);
        top += TITLE;
        let longest = row.values.iter().map(|(_, value)| *value);
        let longest = longest.fold(f64::MIN_POSITIVE, f64::max);
        for (client, value) in &row.values {
            let length = value / longest * LONGEST;
            let class = if *client == "openai-assistants" {
                "ours"
            } else {
                "other"
            };
            text(&mut shapes, 0, top + BAR - 3, "label", client);
            writeln!(
                shapes,
                r#"<rect class="{class}" x="{LABELS}" y="{top}" width="{length:.1}" height="{}"/>"#,
                BAR - 3
            )
            .expect("writing to a string succeeds");
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a length"
            )]
            let end = LABELS + length as usize + 6;
            text(&mut shapes, end, top + BAR - 3, "label", &figure(*value));
            top += BAR;
        }
    }
    let height = top + 10;
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">
<title>Cost of each row, by client; shorter is better</title>
<style>
text {{ font-family: sans-serif; fill: #24292f }}
.title {{ font-size: 13px; font-weight: bold }}
.label {{ font-size: 11px }}
.ours {{ fill: #0969da }}
.other {{ fill: #8c959f }}
@media (prefers-color-scheme: dark) {{ text {{ fill: #d0d7de }} .ours {{ fill: #58a6ff }} }}
</style>
{shapes}</svg>
"#
    )
}

fn text(shapes: &mut String, x: usize, y: usize, class: &str, text: &str) {
    writeln!(
        shapes,
        r#"<text class="{class}" x="{x}" y="{y}">{text}</text>"#
    )
    .expect("writing to a string succeeds");
}

/// A number with three significant digits.
fn figure(value: f64) -> String {
    match value {
        _ if value >= 100.0 => format!("{value:.0}"),
        _ if value >= 10.0 => format!("{value:.1}"),
        _ if value >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_relative_to_the_longest_of_their_row() {
        let row = |title: &str, values: &[(&'static str, f64)]| Bars {
            title: title.to_owned(),
            values: values.to_vec(),
        };
        let chart = svg(&[
            row("call, us", &[("openai-assistants", 20.0), ("floor", 10.0)]),
            row("binary, MB", &[("openai-assistants", 0.5)]),
        ]);
        let lengths = chart.split("width=\"").skip(1);
        let lengths: Vec<&str> = lengths
            .map(|rest| &rest[..rest.find('"').unwrap()])
            .collect();
        assert_eq!(lengths, ["480.0", "240.0", "480.0"]);
        for part in [">call, us<", ">20.0<", ">10.0<", ">0.500<", ">floor<"] {
            assert!(chart.contains(part), "{part}: {chart}");
        }
    }
}
