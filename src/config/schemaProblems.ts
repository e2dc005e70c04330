import { Result, Schema, type SchemaAST, SchemaIssue } from "effect"
import { adviseUnknownKey, adviseValue } from "./advice.ts"
import type { Problem } from "./ConfigError.ts"
import { ConfigFile } from "./ConfigFile.ts"
import { place } from "./place.ts"

// The input is reported for advice alone; it is never repeated in a problem.
const decode = Schema.decodeUnknownResult(ConfigFile, {
  errors: "all",
  onExcessProperty: "error",
  reportInput: true
})

const expectedIn = (annotations: Schema.Annotations.Annotations | undefined): string | undefined => {
  const expected = annotations?.["expected"]
  return typeof expected === "string" ? expected : undefined
}

const expectedBy = (ast: SchemaAST.AST): string | undefined =>
  expectedIn(ast.annotations) ?? expectedIn(ast.checks?.at(-1)?.annotations)

const keysOf = (ast: SchemaAST.AST): ReadonlyArray<string> =>
  ast._tag === "Objects" ? ast.propertySignatures.map(({ name }) => String(name)) : []

const problemsIn = (
  issue: SchemaIssue.Issue,
  path: ReadonlyArray<PropertyKey>,
  expected: string | undefined
): ReadonlyArray<Problem> => {
  const of = (expected: string | undefined, input: unknown): ReadonlyArray<Problem> => [
    { path: place(path), expected: expected ?? "a valid value", instead: adviseValue(path, input) }
  ]
  switch (issue._tag) {
    case "Pointer":
      return problemsIn(issue.issue, [...path, ...issue.path], expected)
    case "Composite":
      return issue.issues.flatMap((inner) => problemsIn(inner, path, expected))
    case "Filter": {
      const annotated = expectedIn(issue.filter.annotations)
      return of(annotated ?? expected, SchemaIssue.hasInput(issue) ? issue.input : undefined)
    }
    case "Encoding":
      return problemsIn(issue.issue, path, expected)
    case "UnexpectedKey":
      return [{
        path: place(path),
        expected: "a key that ticklake knows",
        instead: adviseUnknownKey(path, keysOf(issue.ast))
      }]
    case "MissingKey":
      return of("a value, since this key has no default", undefined)
    case "AnyOf":
    case "InvalidType":
    case "OneOf":
      return of(expectedBy(issue.ast), SchemaIssue.hasInput(issue) ? issue.input : undefined)
    case "InvalidValue":
    case "Forbidden":
      return of(expected, SchemaIssue.hasInput(issue) ? issue.input : undefined)
  }
}

/** Decodes the whole file, or says everything about it that the schema does not allow. */
export const decodeFile = (input: unknown): Result.Result<ConfigFile, ReadonlyArray<Problem>> =>
  Result.mapError(decode(input), (error) => problemsIn(error.issue, [], undefined))
