"""`phatnguoi office`: the web process, its tables, its people and its workers' keys."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from cryptography.fernet import Fernet
from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from api.actor import OFFICE, PEOPLES_ROLES
from api.app import create_app
from api.audits.register import register_station, watch_station
from api.cases.register import add_worker_key, group_camera, register_camera
from api.database import Database, migrate, migration_gap
from api.errors import InputError, OfficeError
from api.jobs import run_until_signalled
from api.office import office_jobs, open_office
from api.people.accounts import add_person
from api.people.errors import PasswordTooWeakError
from api.settings import OfficeSettings
from api.web.pages import add_pages
from models.camera_file import CameraFileError, load_camera_file
from models.domain.audits import ZONE_KINDS
from phatnguoi.errors import CommandError

LOOPBACK = "127.0.0.1"
PASSWORD_VARIABLE = "PHATNGUOI_NEW_PASSWORD"  # noqa: S105 - the name of a variable


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default=LOOPBACK, help="address to listen on (default: loopback only)")
    parser.add_argument("--port", type=int, default=8000)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("migrate", help="bring the tables to the newest form")
    person = actions.add_parser("add-person", help=f"a new account; the password comes from {PASSWORD_VARIABLE}")
    person.add_argument("username")
    person.add_argument("--role", action="append", required=True, choices=PEOPLES_ROLES, dest="roles")
    person.add_argument("--agency", help="sees the cases of this agency only (default: all)")
    person.add_argument("--group", action="append", dest="groups", help="… and of this camera group (default: all)")
    actions.add_parser("new-people-key", help="print a key for PHATNGUOI_PEOPLE_KEY")
    key = actions.add_parser("add-worker", help="a new worker; its key is printed once")
    key.add_argument("worker", help="a name for the worker, such as its camera")
    camera = actions.add_parser("add-camera", help="make a camera known, or bring what is known of it up to date")
    camera.add_argument("camera", type=Path, metavar="CAMERA.yaml")
    camera.add_argument("--telephone", required=True, help="of the unit, as notices print it")
    camera.add_argument("--mode", choices=["warning", "live"], default="warning")
    camera.add_argument("--simulated", action="store_true", help="its cases never become real notices")
    group = actions.add_parser("camera-group", help="put a camera, and the cases of it, into a group")
    group.add_argument("camera_id")
    group.add_argument("group", help="a name within the camera's agency")
    station = actions.add_parser("add-station", help="make a station known; auditors see it by its cameras' group")
    station.add_argument("station", metavar="STATION")
    station.add_argument("--name", required=True)
    station.add_argument("--body", required=True, help="who runs it")
    said = f"what a camera watches there: CAMERA:KIND, with KIND one of {', '.join(ZONE_KINDS)}; may be given again"
    station.add_argument("--watch", action="append", default=[], metavar="CAMERA:KIND", help=said)
    bundle = actions.add_parser("bundle", help="write the evidence of a case, to be checked without the office")
    bundle.add_argument("case")
    bundle.add_argument("--out", type=Path, required=True, metavar="FILE.zip")
    actions.add_parser("jobs", help="run the office's jobs alone, where PHATNGUOI_JOBS_IN_PROCESS is false")


def run(arguments: argparse.Namespace) -> int:
    if arguments.action == "new-people-key":
        print(Fernet.generate_key().decode())
        return 0
    settings = read_settings()
    try:
        return ACTIONS[arguments.action](settings, arguments)
    except SQLAlchemyError as error:
        raise CommandError(f"the database does not answer: {_first_line(error)}") from None


def read_settings() -> OfficeSettings:
    """Reads PHATNGUOI_… from the environment.

    Raises:
        CommandError: a setting is missing or wrong; it is named, its value is not repeated.
    """
    try:
        return OfficeSettings()  # type: ignore[call-arg]  # read from the environment
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise CommandError(f"setting PHATNGUOI_{name}: {first['msg']}") from None


def _serve(settings: OfficeSettings, arguments: argparse.Namespace) -> int:
    database = Database(settings.database_url.get_secret_value())
    gap = migration_gap(database)
    database.close()
    if gap:
        raise CommandError(f"the tables are not up to date ({gap}): run `phatnguoi office migrate`")
    try:
        app = create_app(settings, pages=add_pages)
    except ValueError as error:
        raise CommandError(str(error)) from None
    uvicorn.run(app, host=arguments.host, port=arguments.port, log_level="warning", access_log=False)
    return 0


def _migrate(settings: OfficeSettings, _arguments: argparse.Namespace) -> int:
    database = Database(settings.database_url.get_secret_value())
    migrate(database)
    database.close()
    return 0


def _add_person(settings: OfficeSettings, arguments: argparse.Namespace) -> int:
    password = os.environ.get(PASSWORD_VARIABLE) or (getpass.getpass() if sys.stdin.isatty() else "")
    if not password:
        raise CommandError(f"no password: set {PASSWORD_VARIABLE}, or type it at a terminal")
    database = Database(settings.database_url.get_secret_value())
    try:
        now = datetime.now(UTC)
        scope = {"agency": arguments.agency, "camera_groups": arguments.groups}
        add_person(database, arguments.username, password, arguments.roles, now, **scope)
    except IntegrityError:
        raise CommandError(f"person {arguments.username!r}: the name is taken") from None
    except (PasswordTooWeakError, InputError) as error:
        raise CommandError(f"person {arguments.username!r}: {error}") from None
    return 0


def _add_worker(settings: OfficeSettings, arguments: argparse.Namespace) -> int:
    database = Database(settings.database_url.get_secret_value())
    with database.writing() as session:
        print(add_worker_key(session, datetime.now(UTC), OFFICE, arguments.worker))
    return 0


def _add_camera(settings: OfficeSettings, arguments: argparse.Namespace) -> int:
    try:
        file = load_camera_file(arguments.camera)
    except CameraFileError as error:
        raise CommandError(str(error)) from None
    database = Database(settings.database_url.get_secret_value())
    with database.writing() as session:
        register_camera(
            session,
            datetime.now(UTC),
            OFFICE,
            file,
            unit_telephone=arguments.telephone,
            mode=arguments.mode,
            is_simulated=arguments.simulated,
        )
    return 0


def _group_camera(settings: OfficeSettings, arguments: argparse.Namespace) -> int:
    database = Database(settings.database_url.get_secret_value())
    try:
        with database.writing() as session:
            group_camera(session, datetime.now(UTC), OFFICE, arguments.camera_id, arguments.group)
    except OfficeError as error:
        raise CommandError(f"camera {arguments.camera_id}: {error}") from None
    return 0


def _write_bundle(settings: OfficeSettings, arguments: argparse.Namespace) -> int:
    office = open_office(settings)
    try:
        arguments.out.write_bytes(office.bundles.make(arguments.case))
    except (OfficeError, OSError) as error:
        raise CommandError(f"case {arguments.case}: {error}") from None
    finally:
        office.close()
    return 0


def _run_jobs(settings: OfficeSettings, _arguments: argparse.Namespace) -> int:
    office = open_office(settings)
    run_until_signalled(office_jobs(office))
    office.close()
    return 0


def _add_station(settings: OfficeSettings, arguments: argparse.Namespace) -> int:
    database, now = Database(settings.database_url.get_secret_value()), datetime.now(UTC)
    try:
        with database.writing() as session:
            register_station(session, now, OFFICE, arguments.station, name=arguments.name, body=arguments.body)
            for each in arguments.watch:
                camera, _, kind = each.partition(":")
                watch_station(session, now, OFFICE, arguments.station, camera, [kind])
    except OfficeError as error:
        raise CommandError(f"station {arguments.station!r}: {error}") from None
    return 0


ACTIONS = {
    None: _serve,
    "migrate": _migrate,
    "add-person": _add_person,
    "add-worker": _add_worker,
    "add-camera": _add_camera,
    "bundle": _write_bundle,
    "jobs": _run_jobs,
    "camera-group": _group_camera,
    "add-station": _add_station,
}


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
