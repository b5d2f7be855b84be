import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

export type User = { readonly uid: number; readonly user: string; readonly groups: readonly string[] }

/** Everyone the system's name service lists, with their groups. */
export async function readUsers(): Promise<readonly User[]> {
  const [passwd, group] = await Promise.all([listDatabase('passwd'), listDatabase('group')])
  return joinUsers(passwd, group)
}

async function listDatabase(database: 'passwd' | 'group'): Promise<string> {
  const { stdout } = await execute('getent', [database], { maxBuffer: 2 ** 26 })
  return stdout
}

/** passwd(5) and group(5): the primary group comes first. */
export function joinUsers(passwd: string, group: string): readonly User[] {
  const nameOfGid = new Map<string, string>()
  const groupsOfMember = new Map<string, string[]>()
  for (const [name, , gid, members] of records(group)) {
    if (name === undefined || gid === undefined) continue
    nameOfGid.set(gid, name)
    for (const member of (members ?? '').split(',').filter((text) => text !== '')) {
      groupsOfMember.set(member, [...(groupsOfMember.get(member) ?? []), name])
    }
  }
  return records(passwd).flatMap(([name, , uid, gid]): User[] => {
    if (name === undefined || uid === undefined || !/^\d+$/.test(uid)) return []
    const primary = gid === undefined ? undefined : nameOfGid.get(gid)
    const groups = new Set([...(primary === undefined ? [] : [primary]), ...(groupsOfMember.get(name) ?? [])])
    return [{ uid: Number(uid), user: name, groups: [...groups] }]
  })
}

function records(text: string): readonly string[][] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(':'))
}
