import type { Console } from "effect"

const clearScreenBelow = "\u001b[J"
const cursorUp = (lines: number) => `\u001b[${lines}A`

/** Where a table is drawn: in place on a terminal, each below the last one elsewhere. */
export interface Output {
  readonly isTTY?: boolean
  readonly write: (text: string) => unknown
}

/** A table that is drawn again and again. */
export class LiveTable {
  readonly #output: Output
  /** Lines of the table on the screen that may still be replaced. */
  #lines = 0
  readonly inPlace: boolean
  /** Writes lines above the table, which the next drawing puts below them. */
  readonly console: Console.Console

  constructor(output: Output, base: Console.Console) {
    this.#output = output
    this.inPlace = output.isTTY === true
    const above = (write: (...args: ReadonlyArray<unknown>) => void) => (...args: ReadonlyArray<unknown>) => {
      this.#erase()
      write(...args)
    }
    this.console = { ...base, log: above(base.log), error: above(base.error) }
  }

  draw(table: string): void {
    this.#erase()
    this.#output.write(this.inPlace ? `${table}\n` : `\n${table}\n`)
    this.#lines = table.split("\n").length
  }

  /** Lets what is drawn stand. */
  leave(): void {
    this.#lines = 0
  }

  #erase(): void {
    if (this.inPlace && this.#lines > 0) this.#output.write(cursorUp(this.#lines) + clearScreenBelow)
    this.#lines = 0
  }
}
