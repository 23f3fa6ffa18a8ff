"""Every component in all its states on one page, from sample values only: no database is asked for it.

It is tested like any page, so a component that breaks, breaks here first.
"""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from studio.web.desk import samples


class SampleForm(forms.Form):
    """One field of every sort."""

    name = forms.CharField(label="Name", help_text="As it should stand on the invoice.")
    email = forms.EmailField(label="E-mail")
    service = forms.ChoiceField(label="Service", choices=[("1", "Reformer basics"), ("2", "Evening flow")])
    starts_on = forms.DateField(label="First date", widget=forms.DateInput(attrs={"type": "date"}))
    price = forms.CharField(label="Price", widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    ends = forms.ChoiceField(
        label="Ends",
        choices=[("count", "after a number of sessions"), ("until", "on a date"), ("open", "when I stop it")],
        widget=forms.RadioSelect,
        initial="count",
    )
    weekdays = forms.MultipleChoiceField(
        label="On",
        choices=[("0", "Mon"), ("1", "Tue"), ("2", "Wed"), ("3", "Thu"), ("4", "Fri")],
        widget=forms.CheckboxSelectMultiple,
        initial=["0", "2"],
    )
    members_may_book = forms.BooleanField(label="Members may book", help_text="Shown on the booking page.")
    note = forms.CharField(label="Note", widget=forms.Textarea(attrs={"rows": 3}), required=False)


class FilterForm(forms.Form):
    """What a filter bar holds."""

    dates = forms.ChoiceField(label="Dates", choices=[("7", "Last 7 days"), ("30", "Last 30 days")])
    person = forms.ChoiceField(label="With", choices=[("", "Everyone"), ("1", "Ana Silva")])
    outcome = forms.ChoiceField(label="Outcome", choices=[("none", "Not saved"), ("", "Any")])


def page(request: HttpRequest) -> HttpResponse:
    """The gallery; ``?form=wrong`` shows the form as it comes back, ``?form=…`` nothing else."""
    wrong = request.GET.get("form") == "wrong"
    form = (
        SampleForm({"name": "", "email": "amir@", "service": "1", "ends": "count"}) if wrong else SampleForm()
    )
    if wrong:
        _word(form)
    # The name "form" would put the error summary of the sample on top of every view of this page.
    return render(
        request,
        "desk/styleguide.html",
        {
            "sample_form": form,
            "filter_form": FilterForm(),
            "form": form if wrong else None,
            **samples.everything(),
        },
    )


def _word(form: forms.Form) -> None:
    """Errors in the house's words: what is so and what to do."""
    form.full_clean()
    form.errors.clear()
    form.add_error("name", "Type a name, so that the invoice has one.")
    form.add_error("email", "“amir@” has no part after the @. Type one such as name@example.org.")
    form.add_error("starts_on", "Choose the first date.")
    form.add_error("weekdays", "Choose at least one weekday.")
