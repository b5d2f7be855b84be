/** One user of a password file; without a hash no password holds, and the groups are for whoever is known otherwise. */
export type PasswordEntry = { readonly hash: string | null; readonly groups: readonly string[] }

export type UsersProblem = { readonly line: number; readonly problem: string }

const BCRYPT = /^\$2[aby]\$\d{2}\$[./A-Za-z0-9]{53}$/

/** Lines of `user:hash` as `htpasswd -B` writes them, or `user:hash:group,group`; `*` stands for no password; `#` begins a comment. */
export function readUsers(text: string): ReadonlyMap<string, PasswordEntry> | UsersProblem {
  const users = new Map<string, PasswordEntry>()
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const [user, hash, groups = '', ...rest] = line.split(':')
    const at = (problem: string): UsersProblem => ({ line: index + 1, problem })
    if (!user || hash === undefined || rest.length > 0) return at('not user:hash or user:hash:group,group')
    if (hash !== '*' && !BCRYPT.test(hash)) return at(`the hash of ${user} is not bcrypt; write it with htpasswd -B`)
    if (users.has(user)) return at(`${user} is there twice`)
    users.set(user, { hash: hash === '*' ? null : hash, groups: groups.split(',').filter((group) => group !== '') })
  }
  return users
}
