/** Linear interpolation between the two nearest ranks; `sorted` is ascending and not empty. */
export function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share
  const low = sorted[Math.floor(place)]!
  return low + (sorted[Math.ceil(place)]! - low) * (place - Math.floor(place))
}

export function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  )
}

/** Median absolute deviation from the median: as the standard deviation, but a few outliers do not move it. */
export function medianDeviation(values: readonly number[]): number {
  const middle = median(values)
  return median(values.map((value) => Math.abs(value - middle)))
}

/** Bowley's skewness, -1 to 1: 0 where the quartiles lie evenly around the median. */
export function bowleySkewness(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [q1, q2, q3] = [0.25, 0.5, 0.75].map((share) => quantile(sorted, share)) as [number, number, number]
  return q3 === q1 ? 0 : (q1 + q3 - 2 * q2) / (q3 - q1)
}

/** As `Math.min`, whose arguments lie on the stack: a hundred thousand of them overflow it. */
export function least(values: readonly number[]): number {
  return values.reduce((min, value) => Math.min(min, value), Number.POSITIVE_INFINITY)
}

export function greatest(values: readonly number[]): number {
  return values.reduce((max, value) => Math.max(max, value), Number.NEGATIVE_INFINITY)
}
