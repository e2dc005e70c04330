/** What a value must reach; `notAbove` where it is enough that its range does not lie above. */
export type Target = { readonly atMost: number } | { readonly atLeast: number } | { readonly notAbove: number }

/** One measured value. */
export interface Figure {
  readonly part: string
  readonly name: string
  readonly value: number
  readonly unit: string
  /** Smallest and largest of several rounds, or a confidence interval. */
  readonly range?: readonly [low: number, high: number]
  /** What it must reach. */
  readonly target?: Target
  /** Two things measured in turn, which depends little on the machine: held against the baseline. */
  readonly isRatio?: boolean
  /** Why it does not count. */
  readonly void?: string
}

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2
}

export const rangeOf = (values: ReadonlyArray<number>): readonly [number, number] => [
  Math.min(...values),
  Math.max(...values)
]

/** Whether a figure reaches its target; null where it has none. */
export const reaches = ({ range, target, value, void: wrong }: Figure): boolean | null => {
  if (target === undefined) return null
  if (wrong !== undefined) return false
  if ("notAbove" in target) return (range?.[0] ?? value) <= target.notAbove
  return "atMost" in target ? value <= target.atMost : value >= target.atLeast
}

export const voided = (why: string | null): Pick<Figure, "void"> => why === null ? {} : { void: why }
