import assert from 'node:assert/strict'
import { test } from 'node:test'
import { joinUsers } from '../src/host/users.ts'

test('a user has the primary group first, then the groups that list the user', () => {
  const passwd = 'root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:77::/:/bin/sh\n'
  const group = 'root:x:0:\nann:x:1000:\nfinance:x:2000:ann,bob\naudio:x:29:ann\n'
  assert.deepEqual(joinUsers(passwd, group), [
    { uid: 0, user: 'root', groups: ['root'] },
    { uid: 1000, user: 'ann', groups: ['ann', 'finance', 'audio'] },
    { uid: 1001, user: 'bob', groups: ['finance'] },
  ])
})

test('lines that are no records are passed over', () => {
  assert.deepEqual(joinUsers('+::::::\nx\n\n', ':\n'), [])
})
