// Scores over time, drawn in the reader's own fonts.

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 360;
const HEIGHT = 150;
const EDGE = { left: 30, right: 14, top: 22, bottom: 24 };

function draw(tag, properties, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(properties)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

/** A line with its values on it. What it shows stands in the words beside it too. */
export function chart({ title, most, points }) {
  const step = (WIDTH - EDGE.left - EDGE.right) / points.length;
  const x = (at) => EDGE.left + step * (at + 0.5);
  const y = (score) => EDGE.top + (HEIGHT - EDGE.top - EDGE.bottom) * (1 - Math.min(score, most) / most);
  const told = points.map(([at, score]) => `${at} ${score}`).join('，');
  const svg = draw('svg', { class: 'chart', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': `${title}：${told}` });
  for (const mark of [0, most / 2, most]) {
    svg.append(
      draw('line', { x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y(mark), y2: y(mark) }),
      draw('text', { x: EDGE.left - 5, y: y(mark) + 4, 'text-anchor': 'end' }, mark));
  }
  svg.append(draw('polyline', { points: points.map(([, score], at) => `${x(at)},${y(score)}`).join(' ') }));
  points.forEach(([name, score], at) => svg.append(
    draw('circle', { cx: x(at), cy: y(score), r: 3.5 }),
    draw('text', { class: 'value', x: x(at), y: y(score) - 8, 'text-anchor': 'middle' }, score),
    draw('text', { x: x(at), y: HEIGHT - 6, 'text-anchor': 'middle' }, name)));
  return svg;
}
