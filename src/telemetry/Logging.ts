import { Cause, Layer, Logger, type LogLevel, References } from "effect"

const levels: Readonly<Record<LogLevel.LogLevel, string>> = {
  All: "ALL  ",
  Trace: "TRACE",
  Debug: "DEBUG",
  Info: "INFO ",
  Warn: "WARN ",
  Error: "ERROR",
  Fatal: "FATAL",
  None: "NONE "
}

/** One event, one line; a feed's lines begin with its id. The stack of a cause follows on lines of its own. */
const formatLine = Logger.make<unknown, string>(({ cause, date, fiber, logLevel, message }) => {
  const { data_type, exchange, symbol, ...others } = fiber.getRef(References.CurrentLogAnnotations)
  const feed = exchange === undefined ? "" : `${String(exchange)}/${String(symbol)}/${String(data_type)}: `
  const text = Array.isArray(message) ? message.map(String).join(" ") : String(message)
  const rest = Object.entries(others).map(([key, value]) => ` ${key}=${String(value)}`).join("")
  const stack = cause.reasons.length === 0 ? "" : `\n${Cause.pretty(cause)}`
  return `${date.toISOString()} ${levels[logLevel]} ${feed}${text}${rest}${stack}`
})

/** Logs for people, to standard error, from `level` on. */
export const layerConsole = (level: LogLevel.LogLevel): Layer.Layer<never> =>
  Layer.mergeAll(
    Logger.layer([Logger.withConsoleError(formatLine)]),
    Layer.succeed(References.MinimumLogLevel, level)
  )
