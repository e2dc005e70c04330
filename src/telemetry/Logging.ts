import { Console, Context, Effect, type FileSystem, Layer, Logger, LogLevel, type Path, References } from "effect"
import * as LogFile from "./LogFile.ts"
import * as LogLine from "./LogLine.ts"
import * as LogThinning from "./LogThinning.ts"
import * as RecentLog from "./RecentLog.ts"

/** Where log files go, and for how long. */
export type FileOptions = Pick<LogFile.Options, "folder" | "maxFileBytes" | "retentionDays"> & Partial<LogFile.Options>

/** Bytes that may wait for whoever reads the console; while there are more, lines go to the file alone. */
const mostWaiting = 1024 * 1024

/**
 * Console and file from `level` on, the recent lines from `Warn` on whatever the level. Lines that are alike are thinned before
 * they go anywhere.
 */
const make = Effect.fnUntraced(
  function*<E, R>(level: LogLevel.LogLevel, openFile: Effect.Effect<LogFile.LogFile | null, E, R>) {
    const console = yield* Console.Console
    const recent = RecentLog.make()
    const loggers = new Set<Logger.Logger<unknown, void>>()
    const minimum: LogLevel.LogLevel = LogLine.isTrouble(level) ? "Warn" : level
    const own = Context.make(Logger.CurrentLoggers, loggers).pipe(Context.add(References.MinimumLogLevel, minimum))
    // Opened first, so that it is closed last; what it has to say itself goes to loggers that are there by then.
    const file = yield* Effect.provideContext(openFile, own)
    const tell = (line: LogLine.LogLine) => {
      recent.add(line)
      if (!LogLevel.isGreaterThanOrEqualTo(line.level, level)) return
      if (line.onConsole && process.stderr.writableLength < mostWaiting) console.error(LogLine.toConsole(line))
      file?.write(line.atMillis, LogLine.toJson(line))
    }
    const thinning = yield* Effect.provideContext(LogThinning.make(tell), own)
    loggers.add(Logger.make((options) => thinning.offer(LogLine.fromLogger(options))))
    return Context.add(own, RecentLog.RecentLog, recent.service)
  }
)

/** Logs for people, to standard error, from `level` on. */
export const layerConsole = (level: LogLevel.LogLevel): Layer.Layer<RecentLog.RecentLog> =>
  Layer.effectContext(make(level, Effect.succeed(null)))

/** As `layerConsole`, and the same lines as JSON in files. */
export const layer = (
  level: LogLevel.LogLevel,
  file: FileOptions
): Layer.Layer<RecentLog.RecentLog, LogFile.LogFolderUnusable, FileSystem.FileSystem | Path.Path> =>
  Layer.effectContext(make(level, LogFile.make({ ...LogFile.defaults, ...file })))
