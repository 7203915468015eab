// Which network of a front to take: three ways, each a rule that fits in a sentence. Objectives are minimised; before they are weighed
// against each other, each is stretched so that the best network at hand has 0 and the worst 1.

export interface Option {
  trial: number;
  objectives: number[];
}

export function normalised(options: Option[]): number[][] {
  const [first] = options;
  if (!first) return [];
  const bounds = first.objectives.map((_, at) => {
    const values = options.map((option) => option.objectives[at]!);
    return [Math.min(...values), Math.max(...values)] as const;
  });
  return options.map((option) =>
    option.objectives.map((value, at) => {
      const [low, high] = bounds[at]!;
      return high > low ? (value - low) / (high - low) : 0;
    }),
  );
}

/** Furthest below the plane through the best of each objective: beyond it, a little more of one costs much of another. */
export function knee(options: Option[]): Option | null {
  return least(options, normalised(options).map((point) => point.reduce((sum, value) => sum + value, 0)));
}

/** The least of the worst: the largest weighted shortfall is as small as it can be. Reaches hollows of a front, too. */
export function weighted(options: Option[], weights: number[]): Option | null {
  const total = weights.reduce((sum, weight) => sum + weight, 0) || 1;
  const scores = normalised(options).map((point) => {
    const parts = point.map((value, at) => (value * (weights[at] ?? 0)) / total);
    return Math.max(...parts) + 1e-3 * parts.reduce((sum, value) => sum + value, 0);
  });
  return least(options, scores);
}

/** The best in one objective among those that keep all limits. */
export function constrained(options: Option[], limits: (number | null)[], goal: number): Option | null {
  const admitted = options.filter((option) => option.objectives.every((value, at) => value <= (limits[at] ?? Infinity)));
  return least(admitted, admitted.map((option) => option.objectives[goal]!));
}

function least(options: Option[], scores: number[]): Option | null {
  let best = -1;
  scores.forEach((score, at) => {
    if (best < 0 || score < scores[best]!) best = at;
  });
  return options[best] ?? null;
}
