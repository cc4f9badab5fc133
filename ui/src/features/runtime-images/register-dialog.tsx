import { useState, type SubmitEvent } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Dialog, DialogActions } from '@/components/dialog'
import { TextField } from '@/components/field'
import { fieldMessages } from '@/lib/problem'
import { toast } from '@/lib/toasts'

import { useRegisterRuntimeImage } from './queries'

interface Props {
  registry: string
  onClose: () => void
}

/** Registers an image of registry. */
export function RegisterDialog({ registry, onClose }: Props) {
  const [draft, setDraft] = useState({ name: '', reference: `${registry}/`, digest: '', description: '' })
  const register = useRegisterRuntimeImage()
  const answered = fieldMessages(register.error)
  const field = (name: keyof typeof draft) => ({
    name,
    value: draft[name],
    autoComplete: 'off',
    autoCapitalize: 'none',
    spellCheck: name === 'description',
    onChange: (event: { target: { value: string } }) => {
      setDraft({ ...draft, [name]: event.target.value })
      register.reset()
    },
    error: answered[name],
  })
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (register.isPending) return
    const trimmed = { ...draft, reference: draft.reference.trim(), digest: draft.digest.trim() }
    register.mutate(trimmed, {
      onSuccess: ({ name }) => {
        toast(`Registered ${name}`)
        onClose()
      },
    })
  }
  return (
    <Dialog title="Register a runtime image" onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <TextField label="Name" placeholder="postgis" maxLength={63} {...field('name')} />
        <TextField label="Reference" hint="Host and repository, without tag." {...field('reference')} />
        <TextField label="Digest" placeholder="sha256:…" {...field('digest')} />
        <TextField label="Description" maxLength={500} {...field('description')} />
        {register.isError && Object.keys(answered).length === 0 && <ErrorAlert error={register.error} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            look="primary"
            disabled={!draft.name || !draft.digest || register.isPending}
            pending={register.isPending}
          >
            Register image
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
