import { BUSINESS } from './business.ts'
import { CLOUDS } from './clouds.ts'
import { COLLABORATION } from './collaboration.ts'
import { DEVELOPMENT } from './development.ts'
import { GOOGLE } from './google.ts'
import { MICROSOFT } from './microsoft.ts'
import type { Service } from './service.ts'

/** What is known without asking anyone; `services update` adds what vendors publish today. */
export const SERVICES: Readonly<Record<string, Service>> = {
  ...MICROSOFT,
  ...GOOGLE,
  ...COLLABORATION,
  ...DEVELOPMENT,
  ...BUSINESS,
  ...CLOUDS,
}
