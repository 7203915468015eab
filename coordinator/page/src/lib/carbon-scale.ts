// Intensity as a colour: teal is clean, brown is dirty. The ramp (ColorBrewer's BrBG) keeps its order for the colour-blind, and its
// ends are darker than its middle by design, so the number always stands beside it. The scale is the same for every zone and study.

const STOPS: [number, [number, number, number]][] = [
  [0, [0, 90, 80]],
  [100, [53, 151, 143]],
  [200, [128, 205, 193]],
  [300, [223, 230, 214]],
  [400, [240, 214, 158]],
  [550, [200, 135, 55]],
  [750, [133, 75, 8]],
  [1000, [84, 48, 5]],
];

export function carbonColour(gPerKwh: number): string {
  const value = Math.min(1000, Math.max(0, gPerKwh));
  for (let index = 1; index < STOPS.length; index += 1) {
    const [high, to] = STOPS[index]!;
    const [low, from] = STOPS[index - 1]!;
    if (value > high) continue;
    const part = (value - low) / (high - low);
    const mixed = from.map((channel, at) => Math.round(channel + (to[at]! - channel) * part));
    return `rgb(${mixed.join(',')})`;
  }
  return 'rgb(84,48,5)';
}

/** For a legend. */
export const CARBON_TICKS = [0, 100, 200, 300, 400, 550, 750, 1000];
