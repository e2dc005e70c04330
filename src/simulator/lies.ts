import type { LieForm } from "./Fault.ts"
import type { Fill } from "./Market.ts"

/** Further from every true id than a page reaches. */
const idShift = 7_000_000
const withinMillisShift = 5_000

/** Changes the trades of a page so that they are not what was asked for; trades of another symbol are not made here. */
export const spoil = (fills: ReadonlyArray<Fill>, form: Exclude<LieForm, "symbol">): ReadonlyArray<Fill> => {
  switch (form) {
    case "ids":
      return fills.map((fill) => ({
        ...fill,
        number: fill.number + idShift,
        sparseNumber: fill.sparseNumber + idShift,
        withinMillis: fill.withinMillis + withinMillisShift
      }))
    case "duplicates":
      return fills.flatMap((fill) => [fill, fill])
    case "holes":
      return fills.filter((_, index) => index % 3 !== 1)
  }
}
