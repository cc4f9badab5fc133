import { useState, type SubmitEvent } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Dialog, DialogActions } from '@/components/dialog'
import { TextField } from '@/components/field'
import type { Schema } from '@/lib/api'
import { fieldMessages } from '@/lib/problem'
import { toast } from '@/lib/toasts'

import { useCreateUser } from './queries'
import { RoleField } from './role-field'

export function CreateUserDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [role, setRole] = useState<Schema<'Role'>>('operator')
  const create = useCreateUser()
  const errors = create.isError ? fieldMessages(create.error) : {}
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    create.mutate(
      { name, password, role },
      {
        onSuccess: () => {
          toast(`${name} can sign in`)
          onClose()
        },
      },
    )
  }
  return (
    <Dialog title="New user" onClose={onClose}>
      <form onSubmit={submit} className="flex flex-col gap-2">
        <TextField
          label="Name"
          hint="Letters, digits and . _ @ + -"
          required
          maxLength={64}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={name}
          onChange={(event) => setName(event.target.value)}
          error={errors.name}
        />
        <TextField
          label="Password"
          type="password"
          hint="At least 8 characters. The user can change it."
          required
          minLength={8}
          maxLength={1000}
          autoComplete="new-password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          error={errors.password}
        />
        <RoleField value={role} onChange={setRole} />
        {create.isError && <ErrorAlert error={create.error} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" pending={create.isPending}>
            Add user
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
