/** How a venue writes its symbols, for checking what an operator configured. */
export interface SymbolNotation {
  readonly pattern: RegExp
  /** Completes "expected ...", for example `upper case with a dash, base first`. */
  readonly description: string
  readonly example: string
}
