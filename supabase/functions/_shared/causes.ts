/** Code and sentence of a cause. The details of a database's error quote rows, which no log should hold. */
export function explained(cause: unknown): Record<string, unknown> {
  if (cause === undefined) return {};
  return {
    cause_code: textOf(cause, "code"),
    cause: (textOf(cause, "message") ?? String(cause)).slice(0, 200),
  };
}

/** A field of whatever was thrown, if it is text. */
export function textOf(value: unknown, name: string): string | undefined {
  const field = typeof value === "object" && value !== null && (value as Record<string, unknown>)[name];
  return typeof field === "string" ? field : undefined;
}
