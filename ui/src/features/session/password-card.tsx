import { useMutation } from '@tanstack/react-query'
import { useState, type SubmitEvent } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Card } from '@/components/card'
import { TextField } from '@/components/field'
import { answer, api, type Schema } from '@/lib/api'
import { fieldMessages } from '@/lib/problem'
import { toast } from '@/lib/toasts'

/** Where one changes one's own password. */
export function PasswordCard() {
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const change = useMutation({
    mutationFn: (body: Schema<'ChangePasswordRequest'>) => answer(api.POST('/api/me/password', { body })),
    gcTime: 0,
  })
  const errors = change.isError ? fieldMessages(change.error) : {}
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    change.mutate(
      { current_password: current, new_password: next },
      {
        onSuccess: () => {
          setCurrent('')
          setNext('')
          toast('Your password is changed')
        },
      },
    )
  }
  return (
    <Card title="Password">
      <form onSubmit={submit}>
        <TextField
          label="Current password"
          type="password"
          required
          autoComplete="current-password"
          value={current}
          onChange={(event) => setCurrent(event.target.value)}
          error={errors.current_password}
        />
        <TextField
          label="New password"
          type="password"
          hint="At least 8 characters. Your other sessions end."
          required
          minLength={8}
          maxLength={1000}
          autoComplete="new-password"
          value={next}
          onChange={(event) => setNext(event.target.value)}
          error={errors.new_password}
        />
        {change.isError && <ErrorAlert error={change.error} className="mb-3" />}
        <Button type="submit" pending={change.isPending} className="mt-1">
          Change password
        </Button>
      </form>
    </Card>
  )
}
