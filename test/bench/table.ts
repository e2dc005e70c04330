import { type Figure, reaches } from "./figures.ts"

const number = (value: number): string =>
  !Number.isFinite(value)
    ? "?"
    : Math.abs(value) >= 1000
    ? Math.round(value).toLocaleString("en")
    : Math.abs(value) >= 100
    ? value.toFixed(0)
    : value.toFixed(Math.abs(value) >= 10 ? 1 : 2)

const targetText = ({ target }: Figure): string =>
  target === undefined
    ? ""
    : "atMost" in target
    ? `≤ ${number(target.atMost)}`
    : "atLeast" in target
    ? `≥ ${number(target.atLeast)}`
    : `not above ${number(target.notAbove)}`

const verdict = (figure: Figure): string => {
  if (figure.void !== undefined) return `void: ${figure.void}`
  const reached = reaches(figure)
  return reached === null ? "" : reached ? "yes" : "NO"
}

const head = ["part", "figure", "value", "unit", "range", "target", "reached"]

/** The figures as a Markdown table with columns of one width. */
export const table = (figures: ReadonlyArray<Figure>): string => {
  const rows = figures.map((figure) => [
    figure.part,
    figure.name,
    number(figure.value),
    figure.unit,
    figure.range === undefined ? "" : figure.range.map(number).join(" – "),
    targetText(figure),
    verdict(figure)
  ])
  const widths = head.map((name, column) => Math.max(3, name.length, ...rows.map((row) => row[column]!.length)))
  const line = (cells: ReadonlyArray<string>) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n")
}
