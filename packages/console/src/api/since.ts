import * as z from 'zod'

/** How far back: a number and `s`, `m`, `h`, `d` or `w`. */
export const Since: z.ZodDefault<z.ZodString> = z
  .string()
  .regex(/^\d{1,6}[smhdw]$/)
  .default('7d')
