import { userInfo } from 'node:os'

/** Who changes something: behind sudo(8), the person who called it. */
export function author(): string {
  const caller = process.env['SUDO_USER']
  if (caller !== undefined && caller !== '') return caller
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`
  }
}
