// Points and names of the map, drawn once per scale on a sheet larger than the window, so that panning only copies.

const MARGIN = 0.5; // of the window, on each side
const NAMES = 90; // in a window, at most
const [USED, MOST_USED] = [20, 5];

// For each region the tag that names it: its most typical one if that is much used, else, of the most used ones, that nearest to its middle.
function namesOf(map, byRegion) {
  return byRegion.map((members, region) => {
    const {name, x, y} = map.regions[region], typical = name.split(" · ")[0];
    const away = index => Math.hypot(map.x[index] - x, map.y[index] - y);
    return members.slice(0, USED).find(index => map.tags[index] === typical) ??
      members.slice(0, MOST_USED).sort((one, other) => away(one) - away(other))[0] ?? null;
  });
}

export class Sheet {
  constructor(map) {
    this.map = map;
    this.canvas = document.createElement("canvas");
    this.scale = 0;
    this.byRegion = map.regions.map(() => []);
    map.region.forEach((region, index) => this.byRegion[region].push(index));
    this.names = namesOf(map, this.byRegion);
  }

  // Whether a window at the sheet's scale lies on the sheet.
  covers({x, y, scale}, wide, high) {
    const [halfWide, halfHigh] = [wide / 2 / scale, high / 2 / scale];
    return scale === this.scale && Math.abs(x - this.x) + halfWide <= this.halfWide && Math.abs(y - this.y) + halfHigh <= this.halfHigh;
  }

  draw({x, y, scale}, wide, high, density, style) {
    const {map, canvas} = this;
    Object.assign(this, {x, y, scale});
    const [fullWide, fullHigh] = [wide * (1 + 2 * MARGIN), high * (1 + 2 * MARGIN)];
    this.halfWide = fullWide / 2 / scale;
    this.halfHigh = fullHigh / 2 / scale;
    canvas.width = Math.ceil(fullWide * density);
    canvas.height = Math.ceil(fullHigh * density);
    const context = canvas.getContext("2d", {alpha: false});
    context.scale(density, density);
    context.fillStyle = style.card;
    context.fillRect(0, 0, fullWide, fullHigh);
    const [left, top] = [x - this.halfWide, y - this.halfHigh];
    const closer = scale / style.whole;
    const size = Math.min(2 + Math.log2(Math.max(1, closer)), 7);
    const inside = index => {
      const [px, py] = [(map.x[index] - left) * scale, (map.y[index] - top) * scale];
      return px > -20 && px < fullWide + 20 && py > -20 && py < fullHigh + 20 ? [px, py] : null;
    };
    this.byRegion.forEach((members, region) => {
      context.fillStyle = style.colour(region);
      for (const index of members) {
        const place = inside(index);
        if (!place) continue;
        const side = map.posts[index] > 500 ? size + 1.5 : size;
        context.fillRect(place[0] - side / 2, place[1] - side / 2, side, side);
      }
    });
    this.taken = new Set();
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    context.lineWidth = 3;
    context.strokeStyle = style.card;
    context.fillStyle = style.ink;
    const written = new Set();
    if (closer < 4) {
      context.font = "600 15px system-ui, sans-serif";
      // Where the tag is, so that it is among those that it stands for.
      for (const index of this.names) {
        const place = index !== null && inside(index);
        if (!place) continue;
        const half = context.measureText(map.tags[index]).width / 2 + 4, [from, to] = [fullWide / 4, fullWide * 3 / 4];
        const px = place[0] < from || place[0] > to ? place[0] : Math.min(Math.max(place[0], from + half), to - half);
        if (this.write(context, map.tags[index], px, place[1] - size / 2 - 10, 15)) written.add(index);
      }
    }
    if (closer > 1.4) {
      context.font = "12px system-ui, sans-serif";
      let count = 0;
      const most = NAMES * (1 + 2 * MARGIN) ** 2 * Math.min(1, (wide * high) / 1e6);
      for (let index = 0; index < map.tags.length && count < most; index += 1) {
        const place = inside(index);
        if (place && !written.has(index) && this.write(context, map.tags[index], place[0], place[1] - size / 2 - 8, 12)) count += 1;
      }
    }
  }

  // Writes a name unless it would overlap another one, by the cells of a grid.
  write(context, text, x, y, height) {
    const half = text.length * height * 0.3 + 4;
    const cells = [];
    for (let column = Math.floor((x - half) / 20); column <= Math.floor((x + half) / 20); column += 1) {
      for (let row = Math.floor((y - height / 2) / 10); row <= Math.floor((y + height / 2) / 10); row += 1) cells.push(column * 100_003 + row);
    }
    if (cells.some(cell => this.taken.has(cell))) return false;
    for (const cell of cells) this.taken.add(cell);
    context.strokeText(text, x, y);
    context.fillText(text, x, y);
    return true;
  }
}
