import { ChoiceField } from '@/components/field'
import type { Schema } from '@/lib/api'

type Role = Schema<'Role'>

const roles: { value: Role; title: string; detail: string }[] = [
  { value: 'viewer', title: 'Viewer', detail: 'Reads' },
  { value: 'operator', title: 'Operator', detail: 'Changes instances' },
  { value: 'admin', title: 'Admin', detail: 'Also users' },
]

/** What a user or a token may do; up to most. */
export function RoleField({
  label = 'Role',
  value,
  most = 'admin',
  onChange,
}: {
  label?: string
  value: Role
  most?: Role
  onChange: (role: Role) => void
}) {
  const last = roles.findIndex((role) => role.value === most)
  return (
    <ChoiceField
      label={label}
      name="role"
      columns="sm:grid-cols-3"
      value={value}
      choices={roles.slice(0, last + 1)}
      onChange={onChange}
    />
  )
}
