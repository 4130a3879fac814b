//! Numbers as people type them: `30`, `三十`, `二〇二六`, `十1`.

/// A number and how it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    pub value: u32,
    /// How many characters it took.
    pub digits: usize,
    /// Written with a zero in front.
    pub padded: bool,
}

/// Reads the number that begins here and takes all the numerals that stand together.
pub(super) fn number(c: &[char], i: usize) -> Option<(Number, usize)> {
    let run = c.get(i..)?;
    let ascii = run.iter().take_while(|c| c.is_ascii_digit()).count();
    let length = run.iter().take_while(|c| is_numeral(**c)).count();
    if length == 0 || length > 8 {
        return None;
    }
    let value = if ascii == length { digit_by_digit(&run[..length])? } else { chinese(&run[..length])? };
    let padded = length > 1 && digit(run[0]) == Some(0);
    Some((Number { value, digits: length, padded }, i + length))
}

/// Whether the character can be part of a number.
pub(super) fn is_numeral(c: char) -> bool {
    digit(c).is_some() || matches!(c, '十' | '百' | '廿' | '卅')
}

/// One digit, in either script.
pub(super) fn digit(c: char) -> Option<u32> {
    let digit = match c {
        '零' | '〇' => 0,
        '一' => 1,
        '二' | '两' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return c.to_digit(10),
    };
    Some(digit)
}

fn digit_by_digit(run: &[char]) -> Option<u32> {
    run.iter().try_fold(0_u32, |value, c| value.checked_mul(10)?.checked_add(digit(*c)?))
}

fn chinese(run: &[char]) -> Option<u32> {
    if run.iter().all(|c| digit(*c).is_some()) {
        // `两三天` means two or three, not twenty-three: only years and `零五` are spelled digit by digit.
        let spelled = run.len() == 1 || run.len() == 4 || (run.len() == 2 && digit(run[0]) == Some(0));
        return digit_by_digit(run).filter(|_| spelled && (run.len() == 1 || !run.contains(&'两')));
    }
    let (mut sum, mut open) = (0, None);
    for c in run {
        match (c, open) {
            ('十', _) => sum += 10 * open.take().unwrap_or(1),
            ('百', Some(hundreds)) => {
                sum += 100 * hundreds;
                open = None;
            }
            ('廿', None) => sum += 20,
            ('卅', None) => sum += 30,
            ('零' | '〇', None) => {}
            (c, None) => open = Some(digit(*c)?),
            _ => return None,
        }
    }
    Some(sum + open.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_either_script_and_mixed() {
        let read = |text: &str| {
            let chars: Vec<char> = text.chars().collect();
            number(&chars, 0).map(|(number, end)| (number.value, end))
        };
        let table = [
            ("30", 30),
            ("三十", 30),
            ("十一", 11),
            ("十", 10),
            ("二十三", 23),
            ("两", 2),
            ("二〇二六", 2026),
            ("零五", 5),
            ("廿三", 23),
            ("一百二十", 120),
            ("十1", 11),
            ("2十3", 23),
            ("05", 5),
            ("一百零五", 105),
        ];
        for (text, value) in table {
            assert_eq!(read(text), Some((value, text.chars().count())), "{text}");
        }
        for text in ["两三", "三五", "百", "二二十", "", "点", "123456789"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
