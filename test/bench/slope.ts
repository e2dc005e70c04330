/** Two-sided 95 % of Student's t at 14 degrees of freedom: the 16 points of a soak. */
const t = 2.145

/** The slope of a line through points, with its 95 % confidence interval. */
export const slopeOf = (points: ReadonlyArray<readonly [x: number, y: number]>) => {
  const mean = (at: 0 | 1) => points.reduce((sum, point) => sum + point[at], 0) / points.length
  const [meanX, meanY] = [mean(0), mean(1)]
  const spreadX = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spreadX
  const left = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0)
  const error = t * Math.sqrt(left / (points.length - 2) / spreadX)
  return { slope, interval: [slope - error, slope + error] as const }
}
