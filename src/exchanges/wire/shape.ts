/**
 * How a part of a frame is written, as the source of a regular expression. Patterns stand for JSON as the machines of a venue
 * write it: members in one order, no white space, no escapes, ASCII alone. What they match `JSON.parse` accepts.
 */
export interface Pattern {
  readonly source: string
}

const pattern = (source: string): Pattern => ({ source })

/** A JSON integer that a double holds exactly and that is not negative. */
export const integer = pattern("(?:0|[1-9]\\d{0,14})")
/** A JSON number that is finite as a double. */
export const number = pattern("-?(?:0|[1-9]\\d{0,29})(?:\\.\\d{1,30})?(?:[eE][+-]?\\d{1,2})?")
export const boolean = pattern("(?:true|false)")
/** The inside of a JSON string that is a decimal, such as a price; finite as a double. */
export const decimal = pattern("(?:0|[1-9]\\d{0,29})(?:\\.\\d{1,30})?")
/** The inside of a JSON string of letters, digits and the few signs of symbols, streams and times; it may be empty. */
export const word = pattern("[\\w@.:+-]*")
/** The inside of a JSON string of digits. */
export const digits = pattern("[1-9]\\d*")

/** The part of a frame that is asked for. */
export const cut = ({ source }: Pattern): Pattern => pattern(`(${source})`)
export const either = (...of: ReadonlyArray<Pattern>): Pattern =>
  pattern(`(?:${of.map(({ source }) => source).join("|")})`)
export const optional = ({ source }: Pattern): Pattern => pattern(`(?:${source})?`)
/** A JSON array of any number of such elements. */
export const array = ({ source }: Pattern): Pattern => pattern(`\\[(?:${source}(?:,${source})*)?\\]`)

/** JSON text with patterns in it. */
export const json = (texts: TemplateStringsArray, ...patterns: ReadonlyArray<Pattern>): Pattern =>
  pattern(
    texts.map((text, at) => `${text.replace(/[[\](){}.*+?^$|\\]/g, "\\$&")}${patterns[at]?.source ?? ""}`).join("")
  )

/** A level of a book: price, size, and what else the venue says of it. */
export const level = (others = 0): Pattern => json`["${decimal}","${decimal}"${pattern(`(?:,"[\\w.]*"){${others}}`)}]`

/** Longer frames are rare, and their matching could need more stack than there is. */
const longestBytes = 32 * 1024

/** The text of a frame for patterns, one character for each byte; null for one that is too long for them. */
export const textOf = (bytes: Buffer): string | null => bytes.length > longestBytes ? null : bytes.toString("latin1")

/** Finds the parts that are asked for, from 1 on, in text that is this pattern as a whole; null for other text. */
export const whole = ({ source }: Pattern): (text: string) => RegExpExecArray | null => {
  const expression = new RegExp(`^${source}$`)
  return (text) => expression.exec(text)
}

/** A part that outlives its frame: as it was cut out it would keep the whole text. */
export const ownText = (part: string | undefined): string =>
  part === undefined ? "" : Buffer.from(part, "latin1").toString("latin1")

/** One element of an array, and where it stands. */
export interface Element {
  readonly parts: RegExpExecArray
  readonly start: number
  readonly end: number
}

/** A frame whose rows are the elements of one array. */
export interface Batch {
  /** The parts of what stands before the array. */
  readonly head: RegExpExecArray
  /** One at least. */
  readonly elements: ReadonlyArray<Element>
}

/** Finds `head`, elements, and `tail` as its end, in text that is just that. */
export const batch = (head: Pattern, element: Pattern, tail: string): (text: string) => Batch | null => {
  const start = new RegExp(head.source, "y")
  const next = new RegExp(element.source, "y")
  return (text) => {
    start.lastIndex = 0
    const found = start.exec(text)
    if (found === null) return null
    const elements: Array<Element> = []
    let at = start.lastIndex
    while (true) {
      next.lastIndex = at
      const parts = next.exec(text)
      if (parts === null) return null
      const end = next.lastIndex
      elements.push({ parts, start: at, end })
      if (text[end] !== ",") {
        return text.length === end + tail.length && text.endsWith(tail)
          ? { head: found, elements }
          : null
      }
      at = end + 1
    }
  }
}
