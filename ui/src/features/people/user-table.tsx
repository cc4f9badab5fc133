import { Badge } from '@/components/badge'
import { Button } from '@/components/button'
import { RelativeTime } from '@/components/relative-time'
import type { Schema } from '@/lib/api'

import { usedOf } from './quota'

const cell = 'px-3 py-2.5 first:pl-4 last:pr-4 sm:first:pl-5 sm:last:pr-5'
const heading = `${cell} text-left text-sm font-medium text-ink-faint`

export function UserTable({
  users,
  onEdit,
}: {
  users: Schema<'User'>[]
  onEdit: (user: Schema<'User'>) => void
}) {
  return (
    <table className="w-full table-fixed border-collapse text-base">
      <caption className="sr-only">Users</caption>
      <thead className="border-b bg-sunken/60">
        <tr>
          <th scope="col" className={heading}>
            Name
          </th>
          <th scope="col" className={`${heading} w-28`}>
            Role
          </th>
          <th scope="col" className={`${heading} hidden w-32 sm:table-cell`}>
            Sign-in
          </th>
          <th scope="col" className={`${heading} hidden w-28 md:table-cell`}>
            Instances
          </th>
          <th scope="col" className={`${heading} hidden w-32 md:table-cell`}>
            Storage, GiB
          </th>
          <th scope="col" className={`${heading} hidden w-36 lg:table-cell`}>
            Last seen
          </th>
          <th scope="col" className={`${heading} w-20`}>
            <span className="sr-only">Change</span>
          </th>
        </tr>
      </thead>
      <tbody className="divide-y">
        {users.map((user) => (
          <tr key={user.id} data-user={user.name}>
            <td className={`${cell} font-medium wrap-anywhere`}>{user.name}</td>
            <td className={cell}>{user.role}</td>
            <td className={`${cell} hidden sm:table-cell`}>{standing(user)}</td>
            <td className={`${cell} tabular hidden md:table-cell`}>{usedOf(user.quota.instances)}</td>
            <td className={`${cell} tabular hidden md:table-cell`}>{usedOf(user.quota.storage_gib)}</td>
            <td className={`${cell} hidden text-ink-soft lg:table-cell`}>
              {user.last_seen_at ? <RelativeTime at={user.last_seen_at} /> : '–'}
            </td>
            <td className={cell}>
              <Button size="sm" look="ghost" aria-label={`Change ${user.name}`} onClick={() => onEdit(user)}>
                Change
              </Button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function standing(user: Schema<'User'>) {
  if (user.disabled) return <Badge tone="neutral">Disabled</Badge>
  if (user.locked_until) return <Badge tone="warn">Locked</Badge>
  return <Badge tone="good">Allowed</Badge>
}
