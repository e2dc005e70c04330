/** Rows as lines of text with aligned columns; the first row is the head, and columns named in `numbers` are aligned to the right. */
export const alignedTable = (
  rows: ReadonlyArray<ReadonlyArray<string>>,
  numbers: ReadonlyArray<string> = []
): string => {
  const head = rows[0] ?? []
  const widths = head.map((_, column) => rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0))
  const isNumber = head.map((name) => numbers.includes(name))
  const aligned = (cell: string, column: number) =>
    isNumber[column] === true ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)
  return rows.map((row) => row.map(aligned).join("  ").trimEnd()).join("\n")
}
