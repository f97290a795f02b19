"""The attacks, each with its number: what was tried in a resident's words, how, and what has to hold.

Rule: every number has at least one test marked `attack(number)`, and one marked `control(number)` that shows that the
attack succeeds against something weaker. What Barrio does not promise stands here too (`NOT_PROMISED`).
"""

from __future__ import annotations

from typing import NamedTuple


class Attack(NamedTuple):
    """One attack. `tried` is for residents, `method` and `holds` for experts."""

    number: int
    title: str
    tried: str
    method: str
    holds: str


class Family(NamedTuple):
    """Attacks of one kind."""

    title: str
    attacks: tuple[Attack, ...]


FAMILIES = (
    Family("Averages", (
        Attack(
            1, "Take the averages apart",
            "Somebody writes down every average that anybody is shown, hour after hour, while neighbours come, leave, "
            "change their minds and are late, and subtracts them from each other until one home is left over. "
            "Everybody tries it, the city, the members of two projects, somebody who founded a project only for this, "
            "and all of them together.",
            "Linear auditor: each published number is a 0/1 row over homes (and once more over single readings), "
            "found from the number itself, reduced modulo 2^61 - 1. Rows that an audience sees singly are known to "
            "it. Values are constant within an epoch; between epochs see attack 25.",
            "no unit vector of a home that the attackers do not see singly, none with one further value known; every "
            "number is explained by whole blocks; no number changes once it is out",
        ),
        Attack(
            2, "An average that is one home's value",
            "Somebody looks for an average behind which there is really only one home.",
            "Each published number is compared with every reading it was made of; the homes behind it are counted; "
            "what is shown is compared with the clock and with the index of cells.",
            "no number equals a reading; at least 5 homes, 8 for everybody, 15 for power and indoors; nothing before "
            "its watermark, no place finer than resolution 9",
        ),
        Attack(
            3, "Neighbours in league, and a liar",
            "Two of the five tell each other their values, or choose them cleverly; one sends nonsense to spoil the "
            "average.",
            "All pairs of insiders against the rows of attack 1; 25 pairs of chosen values against `close`; one value "
            "anywhere against the public bounds around what is usual.",
            "no third home is solved by two; chosen values teach nothing but the others' sum; one liar of five moves "
            "an average by 2 dB at most",
        ),
        Attack(
            4, "Puppets",
            "A landlord invents twelve tenants around one neighbour; people count twice under two names.",
            "Puppets vouched for by one resident, with devices in the victim's cell; parties of one dwelling; beings, "
            "associations, institutions.",
            "whoever holds all the puppets solves nobody; a home with two names is one; others are none",
        ),
        Attack(
            24, "Leave and be back on the same day",
            "Somebody withdraws and returns within the day, or sends old readings again, so that the difference of "
            "two averages is his own.",
            "Withdrawal and return in one epoch in all ways there are; a reading that replaces an old one.",
            "his block stays silent until the epoch ends; nothing that was published changes",
        ),
        Attack(
            25, "Compare the days before and after somebody left",
            "Somebody watches the averages for weeks before and after a neighbour leaves the map.",
            "The best linear guess of the leaver's level, fitted on half of 4,000 simulated towns and judged on the "
            "others; who is told together is decided by the hub's own enrolment. 1.00 is what a guess of the region's "
            "mean gives.",
            "error at least 0.7 after a week before and a week after (a limit of what is promised, see below)",
        ),
    )),
    Family("Names and faces", (
        Attack(
            5, "Two wishes in the same moment",
            "The same thing is given to two projects at the very same time, so that each check sees only one.",
            "Two threads, one barrier, one registry.",
            "at most one is granted",
        ),
        Attack(
            6, "Leave, join, and open the past",
            "What one project has seen is brought to another, or to everybody, by leaving, joining and ticking old "
            "days.",
            "Every way back, with the whole past ticked where the hub lets one.",
            "no reading that one project saw singly is seen singly elsewhere",
        ),
        Attack(
            7, "Fine dust beside coarse dust",
            "One device's two values are shown under two faces; whoever sees both lays the curves on each other.",
            "All pairs of commons, street and open on one thing.",
            "one face",
        ),
        Attack(
            8, "Two devices of one home",
            "The same with two devices, owned by two people of one home.",
            "All pairs of commons, street and open on two things of one household.",
            "one face",
        ),
        Attack(
            11, "Find a known curve among rows without names",
            "A neighbour knows exactly what somebody measured and looks for it among the rows that say only: somebody "
            "around here.",
            "The row nearest to the true hourly value, in cells with more and more homes, at 3 dB steps. Measured and "
            "told to residents.",
            "no rows below five homes; the share falls with the company; row numbers never come again",
        ),
        Attack(
            12, "The same neighbour in two projects",
            "Somebody is in two projects and compares the names, their order and all that stands beside them.",
            "Hamming distance of pseudonyms (80 bits), order of faces, every field of every face, and names of the "
            "next epoch.",
            "as far apart as strangers'; nothing in common",
        ),
    )),
    Family("Looking twice", (
        Attack(
            9, "Look before and after somebody leaves",
            "Somebody saves the page, waits until a neighbour withdraws, and looks what is missing.",
            "Multiset difference of two scrapes of a `street` cell, for every way of leaving, then and days later.",
            "the whole cell goes or nothing does",
        ),
        Attack(
            10, "When exactly",
            "Somebody tries to see at which minute a device spoke.",
            "Two courses of the same days in which readings lie elsewhere in their windows: all answers as bytes.",
            "identical bytes",
        ),
        Attack(
            13, "Filters, orders, counts, pages, time",
            "Somebody asks in clever ways: only values above ten, how many, which is the newest, from when to when.",
            "The same two courses, in which hidden readings differ in number, time and value: every page of the table "
            "of pages with every parameter, and every query of the gate; status, headers and body.",
            "identical bytes",
        ),
        Attack(
            14, "Hidden, or not there?",
            "Somebody asks for a thing by its address to see whether it exists.",
            "Status, headers, body, and which look-ups are made, for hidden, foreign and unknown handles, links and "
            "passwords.",
            "alike",
        ),
        Attack(
            28, "Object, to find out who measures",
            "Somebody objects to a measurement and looks at what comes back; an owner tries to see who it was.",
            "All pages of an objection against all names; owners' side against the objector's handle; cells with five "
            "and eleven homes.",
            "neither side is shown to the other",
        ),
    )),
    Family("Changing one's mind", (
        Attack(
            15, "Up, down, and up again",
            "A reading that was taken back is made visible again by raising the grade later.",
            "Random lives (hypothesis) of wishes, wishes of single readings, pauses and ticks, followed by an "
            "independent account.",
            "exactly those are seen that were never lower since, or that a tick named",
        ),
        Attack(
            16, "Go on watching",
            "Somebody keeps a page open on which values arrive live while the right to see them ends.",
            "A live watch, and the same link again, around every way in which a right ends.",
            "nothing comes any more",
        ),
        Attack(
            17, "Restore an old backup",
            "Something is erased; then the hub's data are replaced by a copy from before.",
            "The whole data folder copied, erased, restored.",
            "the erasure is done again at the next start",
        ),
        Attack(
            18, "Who moved out",
            "A former partner uses the old link, the device's password, an open connection, and asks what happens now.",
            "Links, credentials, actions, live connections (MQTT) and everything he may read, before and after.",
            "all of it ends, an open connection within 5 s; he is told nothing of what comes after",
        ),
    )),
    Family("Pretending, and asking for too much", (
        Attack(
            19, "It is mine",
            "Somebody says that a neighbour's device is his, speaks under its name, or acts for it.",
            "Every action on another's thing; publishing under its topic; queries that name it.",
            "refused in the words for what does not exist; what he says stays his own",
        ),
        Attack(
            20, "Nobody decided anything",
            "A neighbourhood in which nobody has chosen anything: what do strangers see?",
            "A dozen homes, seven values each, every kind of stranger.",
            "nothing",
        ),
        Attack(
            21, "More than the cap",
            "An owner insists that indoor values and power be shown, by every switch there is.",
            "Every grade and exposure in turn, the message's own wish included.",
            "never shown singly",
        ),
    )),
    Family("The log, the operator, the code", (
        Attack(
            22, "Read the log for presence",
            "Somebody concludes from the size of the log, or from his own entries, who else is there.",
            "The same morning with and without others.",
            "the same size, the same entries; one's own looks leave no trace",
        ),
        Attack(
            23, "Rewrite the log",
            "The operator himself, with all keys, changes or drops an entry and makes everything fit again.",
            "Checkpoints that a second party kept, against the rewritten tree; erasing an entry.",
            "not believed; erasing one's entries breaks nothing",
        ),
        Attack(
            26, "Open what is sealed",
            "Somebody with all of the hub's files looks for a sealed value, moves envelopes or weighs them.",
            "Byte search over every file, envelopes moved and changed, lengths.",
            "not found, refused, one length",
        ),
        Attack(
            27, "Side doors",
            "Somebody looks in the program for a place that forgets to ask.",
            "The syntax tree of all of the hub: who reads the store, who makes rights and answers.",
            "only the gate and the releaser; none can be made by hand",
        ),
    )),
)  # fmt: skip
ATTACKS = {attack.number: attack for family in FAMILIES for attack in family.attacks}

NOT_PROMISED = (
    (
        "**Comparing epochs.** Within an epoch nobody can be subtracted. From one epoch to the next homes come and "
        "go, in batches of at least three per region. Batches delay, they do not prove: whoever knows the others of a "
        "batch, or watches a quantity that hardly changes, learns more (attack 25 measures how much). What hardly "
        "changes should be published once a season; only differential privacy would prove it, and releases do not use "
        "it."
    ),
    (
        "**A known curve.** Whoever knows somebody's true values finds his rows on the street better than by chance "
        "(attack 11). The grade `street` promises company, not unlinkability."
    ),
    (
        "**Pseudonyms hide names, not curves.** A project cannot tell your name. Whoever knows your values from "
        "elsewhere recognises them under any name."
    ),
    (
        "**Many of a block in league.** Of a block of five, four who put their values together know the fifth. "
        "Counting homes, and all that one resident vouched for as one, makes that dear, not impossible: a landlord "
        "and his puppets are two homes."
    ),
    (
        "**That something is silent.** A region that says nothing may be empty, too small, resting or offline; it "
        "looks alike, but who knows the street may guess."
    ),
    ("**The operator** reads what is not sealed. The log tells who looked through the hub, not who copied the disk."),
    ("**Times of answers, and sizes of encrypted traffic,** were not attacked here."),
)
