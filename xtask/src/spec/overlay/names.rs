//! The names in the bracket lists of a JSONPath, such as `['Run','Step']`.

use std::ops::Range;

/// Returns the names of the lists with several names, each with the path that has it alone.
///
/// A path with a misspelled name selects what the others select.
pub(super) fn alone(path: &str) -> Vec<(&str, String)> {
    let starts = path.match_indices('[').map(|(start, _)| start);
    let lists = starts.filter_map(|start| {
        let names = names(path, start + 1)?;
        let end = names.last()?.end;
        (names.len() > 1).then_some((start, names, end))
    });
    lists
        .flat_map(|(start, names, end)| {
            names.into_iter().map(move |name| {
                let (before, after) = (&path[..=start], &path[end..]);
                (
                    &path[name.clone()],
                    format!("{before}{}{after}", &path[name]),
                )
            })
        })
        .collect()
}

/// The places of the quoted names from here to the end of the list, or `None` if it has anything else.
fn names(path: &str, mut at: usize) -> Option<Vec<Range<usize>>> {
    let mut names = Vec::new();
    loop {
        at += path[at..].len() - path[at..].trim_start().len();
        let quote = path[at..]
            .chars()
            .next()
            .filter(|c| matches!(c, '\'' | '"'))?;
        let mut is_escaped = false;
        let length = path[at + 1..].find(|c| {
            let is_end = c == quote && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            is_end
        })?;
        let end = at + length + 2;
        names.push(at..end);
        let rest = path[end..].trim_start();
        at = path.len() - rest.len() + 1;
        match rest.chars().next()? {
            ',' => {}
            ']' => return Some(names),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_of_a_list_is_alone_in_its_path() {
        let expected = [
            ("'A'", "$.s['A'].p['x' , \"y\"].z"),
            ("'B,]'", "$.s['B,]'].p['x' , \"y\"].z"),
            ("'x'", "$.s['A','B,]'].p['x'].z"),
            ("\"y\"", "$.s['A','B,]'].p[\"y\"].z"),
        ];
        let expected = expected.map(|(name, path)| (name, path.to_owned()));
        assert_eq!(alone("$.s['A','B,]'].p['x' , \"y\"].z"), expected);
        for path in ["$.a['b'].c[0,2]", r"$['it\'s']", "$[?@.a == 'b,c']", "$['a"] {
            assert_eq!(alone(path), [], "{path}");
        }
    }
}
