// Moments in the bot's zone, as colleagues write them.

let zone = 'Asia/Shanghai';
let parts = formatter();

export function setZone(name) {
  if (!name || name === zone) return;
  zone = name;
  try {
    parts = formatter();
  } catch { /* a zone that the browser does not know: the last one stays */ }
}

function formatter() {
  return new Intl.DateTimeFormat('zh-CN', {
    timeZone: zone, year: 'numeric', month: 'numeric', day: 'numeric', weekday: 'short',
    hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
  });
}

function read(moment) {
  return Object.fromEntries(parts.formatToParts(new Date(moment)).map((part) => [part.type, part.value]));
}

export function clockTime(moment) {
  const at = read(moment);
  return `${at.hour}:${at.minute}`;
}

export function day(moment) {
  const at = read(moment);
  return `${at.month}月${at.day}日 ${at.weekday}`;
}

/** `今天 11:00`, `明天 09:00`, `11月30日 周一 09:30`. */
export function moment(at, now) {
  const date = day(at);
  if (date === day(now)) return `今天 ${clockTime(at)}`;
  if (date === day(now + 86_400_000)) return `明天 ${clockTime(at)}`;
  return `${date} ${clockTime(at)}`;
}

/** `还有 1 小时 20 分`, `已过 5 分`, `还有 3 天`. */
export function distance(at, now) {
  const minutes = Math.round(Math.abs(at - now) / 60_000);
  if (minutes === 0) return '就是现在';
  const days = Math.floor(minutes / 1440);
  const hours = Math.floor((minutes % 1440) / 60);
  const rest = minutes % 60;
  const words = [];
  if (days) words.push(`${days} 天`);
  if (hours && days < 2) words.push(`${hours} 小时`);
  if (rest && !days) words.push(`${rest} 分`);
  return `${at > now ? '还有' : '已过'} ${words.join(' ')}`;
}
