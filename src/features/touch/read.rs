//! How people tell of a contact: the way, the day, the numbers, the names.

use jiff::Timestamp;

use super::Bugs;
use crate::{
    calendar::typed,
    dossier::{Context, Refusal},
    grammar::{Args, narrow},
};

/// Ways of speaking with a customer, as a text names them.
const MODES: [&str; 15] = [
    "电话", "视频", "微信", "邮件", "现场", "拜访", "上门", "面谈", "见面", "当面", "会议", "群里", "短信",
    "线上", "phone",
];
/// More bugs than that are a slip.
const MOST: u32 = 99_999;

/// The way that a text names first.
pub(super) fn mode(text: &str) -> Option<String> {
    let found = MODES.iter().filter_map(|mode| Some((text.find(mode)?, mode)));
    found.min().map(|(_, mode)| (*mode).to_owned())
}

/// When a contact was.
pub(super) fn when(args: &mut Args, cx: &Context) -> Result<Timestamp, Refusal> {
    happened(args, "沟通过了再记；约时间请发：/会议 …", "时间:昨天、时间:11月20日 15:00", cx)
}

/// When something happened: the key 时间, or a day at the beginning of the text, which loses it; else now. `instead`
/// is what to do about what is yet to come, `example` what the key takes.
///
/// # Errors
/// It is yet to come, or the key cannot be read.
pub(crate) fn happened(
    args: &mut Args,
    instead: &str,
    example: &str,
    cx: &Context,
) -> Result<Timestamp, Refusal> {
    let calendar = &cx.rules.calendar;
    let not_yet = |reading: String| Refusal::new(format!("{reading} 还没到，没有记录。{instead}"));
    if let Some(text) = args.key("时间") {
        return match typed::split_leading_past(text, cx.now, calendar) {
            Some(("", at)) => at.map_err(not_yet),
            _ => {
                Err(Refusal::new(format!("看不懂时间「{text}」，没有记录。写已经过去的一天，例如 {example}")))
            }
        };
    }
    let Some((rest, at)) = typed::split_leading_past(&args.text, cx.now, calendar) else { return Ok(cx.now) };
    let at = at.map_err(not_yet)?;
    args.text = rest.to_owned();
    Ok(at)
}

/// The numbers of bugs that the keys tell.
pub(super) fn bugs(args: &Args) -> Result<Bugs, Refusal> {
    let number = |name: &str| args.key(name).map(|text| count(name, text)).transpose();
    Ok(Bugs { open: number("未解决")?, fixed: number("已修复")?, new: number("新增")? })
}

fn count(name: &str, text: &str) -> Result<u32, Refusal> {
    let digits: String = text.trim().trim_end_matches(['个', '条']).trim().chars().map(narrow).collect();
    let number = digits.parse().ok().filter(|number| *number <= MOST);
    number.ok_or_else(|| {
        Refusal::new(format!("{name} 要写缺陷的个数，「{text}」看不懂，没有记录。例如：{name}:3"))
    })
}

/// The numbers that a plain text tells, `未解决 3，已修复5`, and what else it says.
pub(super) fn bugs_in(text: &str) -> (Bugs, String) {
    let (open, rest) = count_in("未解决", text);
    let (fixed, rest) = count_in("已修复", &rest);
    let (new, rest) = count_in("新增", &rest);
    let bugs = Bugs { open, fixed, new };
    if bugs == Bugs::default() {
        return (bugs, text.trim().to_owned());
    }
    (bugs, rest.trim_matches([' ', '　', ',', '，', ';', '；', '、', '。', '\n']).to_owned())
}

fn count_in(name: &str, text: &str) -> (Option<u32>, String) {
    let nothing = (None, text.to_owned());
    let Some((before, behind)) = text.split_once(name) else { return nothing };
    let number = behind.trim_start_matches([' ', '　', ':', '：', '=', '＝']);
    let digits: String = number.chars().map(narrow).take_while(char::is_ascii_digit).collect();
    let Some(count) = digits.parse().ok().filter(|count| *count <= MOST) else { return nothing };
    let rest: String = number.chars().skip(digits.len()).collect();
    let rest = rest.trim_start_matches(['个', '条']).trim_start_matches([' ', ',', '，', ';', '；', '、']);
    (Some(count), format!("{before}{rest}"))
}

/// The names in a list of people.
pub(super) fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(['、', '，', ',', ';', '；', ' ', '@']).filter(|name| !name.is_empty())
}
