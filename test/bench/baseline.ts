import { readFileSync, writeFileSync } from "node:fs"
import type { Figure } from "./figures.ts"

const path = new URL("baseline.json", import.meta.url)

interface Baseline {
  /** By how much a ratio may be worse, as a share of it. */
  readonly margin: number
  /** The same for sizes, which no other work on the machine changes. */
  readonly sizeMargin: number
  readonly ratios: Readonly<Record<string, number>>
}

const read = (): Baseline => JSON.parse(readFileSync(path, "utf8")) as Baseline

const keyOf = ({ name, part }: Figure) => `${part}: ${name}`

const isSize = ({ name }: Figure) => name.startsWith("size")

/** Of a speed more is better, of anything else less. */
const risesWhenBetter = ({ name }: Figure) => name.startsWith("speed")

/** Says which ratios are worse than the baseline by more than its margin, or are missing. */
export const regressions = (parts: ReadonlyArray<string>, figures: ReadonlyArray<Figure>): ReadonlyArray<string> => {
  const { margin, ratios, sizeMargin } = read()
  return Object.entries(ratios).filter(([key]) => parts.includes(key.split(":")[0]!)).flatMap(([key, before]) => {
    const figure = figures.find((figure) => keyOf(figure) === key)
    if (figure === undefined) return [`${key}: not measured`]
    if (figure.void !== undefined) return [`${key}: ${figure.void}`]
    const factor = 1 + (isSize(figure) ? sizeMargin : margin)
    const limit = risesWhenBetter(figure) ? before / factor : before * factor
    const worse = risesWhenBetter(figure) ? figure.value < limit : figure.value > limit
    return worse ? [`${key}: ${figure.value.toFixed(2)}, the baseline is ${before}, the limit ${limit.toFixed(2)}`] : []
  })
}

/** Makes the ratios of a run the baseline. */
export const setBaseline = (figures: ReadonlyArray<Figure>): void => {
  const before = read()
  const measured = figures.filter((figure) => figure.isRatio === true && figure.void === undefined)
    .map((figure) => [keyOf(figure), Number(figure.value.toFixed(2))] as const)
  const baseline: Baseline = { ...before, ratios: { ...before.ratios, ...Object.fromEntries(measured) } }
  writeFileSync(path, `${JSON.stringify(baseline, null, 2)}\n`)
}
