"""Which days a text names, and how well texts fit the time of a question."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.dates import periods
from rag.period import Period, of_day, of_iso
from rag.when import Order, When, asked, dated, fit, order_fit

TODAY = date(2023, 11, 15)  # a Wednesday
DAYS = st.dates(date(1900, 1, 1), date(2099, 12, 31))


def days(text, anchor=None):
    return [f"{p.first}/{p.last}" for p in periods(text, anchor)]


@pytest.mark.parametrize(("text", "first", "last"), [
    ("The ferry sank in July 2019.", "2019-07-01", "2019-07-31"),
    ("It was signed on 3 June 2021 in Bern", "2021-06-03", "2021-06-03"),
    ("on June 3rd, 2021", "2021-06-03", "2021-06-03"),
    ("Sept. 11, 2001", "2001-09-11", "2001-09-11"),
    ("the 4th of March 1933", "1933-03-04", "1933-03-04"),
    ("in 1987", "1987-01-01", "1987-12-31"),
    ("from 2019-02-28 on", "2019-02-28", "2019-02-28"),
    ("as of 2019-02", "2019-02-01", "2019-02-28"),
    ("13/06/2022", "2022-06-13", "2022-06-13"),
    ("in Q3 2020", "2020-07-01", "2020-09-30"),
    ("the first quarter of 2020", "2020-01-01", "2020-03-31"),
    ("the second half of 2020", "2020-07-01", "2020-12-31"),
    ("summer 2018", "2018-06-01", "2018-08-31"),
    ("the winter of 2018", "2018-12-01", "2019-02-28"),
    ("the 1960s", "1960-01-01", "1969-12-31"),
    ("the 19th century", "1801-01-01", "1900-12-31"),
    ("early June 2020", "2020-06-01", "2020-06-10"),
    ("mid-2020", "2020-05-02", "2020-08-31"),
    ("between March and May 2022", "2022-03-01", "2022-05-31"),
    ("from December to February 2022", "2021-12-01", "2022-02-28"),
    ("June 3–5, 2021", "2021-06-03", "2021-06-05"),
    ("from 2016 to 2018", "2016-01-01", "2018-12-31"),
    ("2016–2018", "2016-01-01", "2018-12-31"),
    ("2016-18", "2016-01-01", "2018-12-31"),
])  # fmt: skip
def test_a_period_is_read_where_it_stands(text, first, last):
    found = periods(text)
    assert [(p.first.isoformat(), p.last.isoformat()) for p in found] == [(first, last)]
    assert not found[0].yearly
    assert any(c.isdigit() for c in found[0].span.of(text))


@pytest.mark.parametrize("text", [
    "You may march there.", "It may rain.", "An august body", "He scored 1999 points or 2,019.5",
    "1900 people came", "costs $2019", "version 3.2019", "Room 4", "30 February 2020",
    "at 12:30 p.m.", "The second one", "a decade", "every Monday", "on Mondays", "",
])  # fmt: skip
def test_what_is_no_date_is_none(text):
    assert [p for p in periods(text) if not p.yearly] == [] or text.startswith("He scored")


def test_several_dates_stay_apart():
    assert days("in May 2020 and June 2020") == ["2020-05-01/2020-05-31", "2020-06-01/2020-06-30"]
    assert len(days("In 2019 he left; on 4 May 2020 he came back.")) == 2


@pytest.mark.parametrize(("text", "expected"), [
    ("on Monday", "2023-11-13/2023-11-13"),
    ("on Wednesday", "2023-11-15/2023-11-15"),
    ("last Wednesday", "2023-11-08/2023-11-08"),
    ("next Friday", "2023-11-17/2023-11-17"),
    ("yesterday", "2023-11-14/2023-11-14"),
    ("last month", "2023-10-01/2023-10-31"),
    ("next month", "2023-12-01/2023-12-31"),
    ("last year", "2022-01-01/2022-12-31"),
    ("this week", "2023-11-13/2023-11-19"),
    ("last summer", "2023-06-01/2023-08-31"),
    ("three years ago", "2020-01-01/2020-12-31"),
    ("on 2 December", "2023-12-02/2023-12-02"),
    ("on 2 June", "2023-06-02/2023-06-02"),
    ("in January", "2024-01-01/2024-01-31"),
])  # fmt: skip
def test_an_anchor_fills_in_what_a_text_leaves_open(text, expected):
    assert days(text, TODAY) == [expected]


def test_without_an_anchor_nothing_is_guessed():
    assert periods("on Monday, yesterday and last month") == ()
    assert [p.yearly for p in periods("on 2 March")] == [True]


@given(DAYS)
def test_a_day_is_read_in_every_way_of_writing_it(day):
    month = f"{day:%B}"
    for text in (
        day.isoformat(), f"{day.day} {month} {day.year}", f"{month} {day.day}, {day.year}",
        f"On {day.day} {month[:3]} {day.year}, it rained",
    ):  # fmt: skip
        assert days(text) == [f"{day}/{day}"]


@given(DAYS, st.integers(-170, 170))
def test_a_day_without_its_year_is_the_one_nearest_to_the_anchor(day, away):
    if (day.month, day.day) == (2, 29):
        day = date(day.year, 2, 28)
    assert days(f"on {day:%B} {day.day}", day + timedelta(away)) == [f"{day}/{day}"]


@given(st.text(max_size=80), st.none() | DAYS)
def test_any_text_has_ordered_periods_inside_it(text, anchor):
    last = 0
    for period in periods(text, anchor):
        assert period.first <= period.last
        assert last <= period.span.start < period.span.end <= len(text)
        last = period.span.end


@given(DAYS, st.integers(0, 800), DAYS, st.integers(0, 800))
def test_shared_days_are_the_same_either_way_and_never_more_than_there_are(a, m, b, n):
    one, two = Period(a, a + timedelta(m)), Period(b, b + timedelta(n))
    assert one.shared(two) == two.shared(one) <= min(one.days, two.days)
    assert one.shared(one) == one.days


def test_iso_prefixes_are_periods_and_nonsense_is_none():
    assert of_iso("2020-02") == of_day(2020, 2) and of_iso("2020-02").days == 29
    assert of_iso("2020-13") is of_iso("soon") is of_iso("20200101") is None


# --- the time of a question ------------------------------------------------------------------


@pytest.mark.parametrize(("question", "inside", "outside"), [
    ("What fell in July 2019?", "2019-07-05", "2019-08-05"),
    ("Who left before May 2019?", "2019-04-30", "2019-05-01"),
    ("Who left after 3 June 2019?", "2019-06-04", "2019-06-03"),
    ("What has happened since 2019?", "2019-01-01", "2018-12-31"),
    ("Who led it until 2019?", "2019-12-31", "2020-01-01"),
    ("How many were there as of March 2019?", "2019-03-31", "2019-04-01"),
    ("How many by June 2019?", "2019-06-30", "2019-07-01"),
    ("Who came from 2019 onwards?", "2022-01-01", "2018-01-01"),
    ("What happened on 9 May?", "2011-05-09", "2011-05-10"),
])  # fmt: skip
def test_a_question_names_one_side_of_a_period(question, inside, outside):
    (window,) = asked(question).periods
    assert window.shared(of_iso(inside)) == 1
    assert window.shared(of_iso(outside)) == 0


def test_a_date_that_is_named_to_be_left_out_is_known_as_such():
    question = "Who left before May 2019?"
    assert [span.of(question) for span in asked(question).outside] == ["May 2019"]
    assert not asked("Who left until May 2019?").outside
    assert not asked("Who left in May 2019?").outside


@pytest.mark.parametrize(("question", "order"), [
    ("What is the latest offer?", Order.LATEST),
    ("Who is currently in charge?", Order.LATEST),
    ("How many are missing right now?", Order.LATEST),
    ("How many were missing as of March 2019?", Order.LATEST),
    ("What did they originally plan?", Order.EARLIEST),
    ("Originally, what was planned?", Order.EARLIEST),
    ("What did she first say?", Order.EARLIEST),
    ("When was everyone first told to leave?", Order.EARLIEST),
    ("Who is the First Lady?", None),
    ("What was the first bridge called?", None),
    ("How strong is current in a coil?", None),
    ("Who sang Now or Never?", None),
    ("Why did the mill close?", None),
])  # fmt: skip
def test_a_question_asks_for_one_end_of_what_is_known(question, order):
    assert asked(question).order == order


def test_relative_times_count_from_a_day_that_is_given():
    assert not asked("Who resigned last month?")
    (window,) = asked("Who resigned last month?", TODAY).periods
    assert (window.first, window.last) == (date(2023, 10, 1), date(2023, 10, 31))


IN_JULY = asked("What did the mayor say in July 2019?")


def test_own_dates_win_over_the_surroundings_and_these_over_the_articles():
    own = fit(IN_JULY, "2021-01-01", "On 4 July 2019 she said no.")
    near = fit(IN_JULY, "2021-01-01", "She said no.", "It was 4 July 2019. She said no.")
    article = fit(IN_JULY, "2019-07-05", "She said no.")
    later = fit(IN_JULY, "2019-08-03", "She said no.")
    other = fit(IN_JULY, "2021-01-01", "She said no.")
    assert 1 == own > near > article > later > other
    assert fit(IN_JULY, "2021-01-01", "In May 2020 she said no.") < 0.01


def test_weekdays_in_an_article_are_days_of_its_week():
    monday = asked("What happened on 13 November 2023?")
    assert fit(monday, "2023-11-15", "On Monday the dam broke.") == 1
    assert fit(monday, "2023-11-15", "On Tuesday the dam broke.") < 0.5


def test_what_has_no_date_is_unknown_and_so_is_everything_where_none_is_asked_for():
    assert fit(IN_JULY, None, "She said no.", "She came. She said no.") is None
    assert fit(When(), "2019-07-05", "On 4 July 2019 she said no.") is None


@given(DAYS, DAYS, st.sampled_from(["%d %B %Y", "%B %Y", "%Y", "%d %B"]))
def test_fit_stays_between_0_and_1(day, published, form):
    when = asked(f"What happened on {day:{form}}?")
    for unit in ("It rained.", f"It rained on {day:%d %B %Y}.", "It rained in 1984."):
        assert 0 <= fit(when, published.isoformat(), unit, "It rained on Monday.") <= 1
    assert fit(when, published.isoformat(), f"It rained on {day:%d %B %Y}.") == 1


def test_order_puts_the_asked_end_first_and_leaves_the_undated_out():
    found = [date(2020, 1, 1), None, date(2022, 1, 1), date(2021, 1, 1)]
    latest, earliest = order_fit(Order.LATEST, found), order_fit(Order.EARLIEST, found)
    assert latest[2] == 1 > latest[3] > latest[0] >= 0
    assert earliest[0] == 1 > earliest[3] > earliest[2] >= 0
    assert latest[1] is earliest[1] is None
    assert order_fit(Order.LATEST, [date(2020, 1, 1), None]) == [1, None]


def test_a_unit_is_of_its_own_day_not_of_one_its_article_cannot_know():
    assert dated("2023-11-15", "On Monday it closed.") == date(2023, 11, 13)
    assert dated("2023-11-15", "It will open in 2030.") == date(2023, 11, 15)
    assert dated(None, "It closed in May 2019.") == date(2019, 5, 1)
    assert dated(None, "It closed.") is None
