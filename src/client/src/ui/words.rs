//! Every text of the screens, in each language. A language that lacks one does not compile.

use bevy::prelude::*;

/// Languages of the screens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Locale {
    /// English.
    #[default]
    English,
    /// Simplified Chinese.
    Chinese,
}

impl Locale {
    /// All, in the order of a choice.
    pub(crate) const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// Its code in flags and files (BCP 47).
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
        }
    }

    /// The language of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|locale| locale.code() == code)
    }
}

/// The texts of one language. `{}` stands for what is filled in, in the order of the fields' descriptions.
#[derive(Resource, Clone, Copy, Debug)]
pub(super) struct Words(pub(super) &'static Texts);

macro_rules! texts {
    ($($(#[$about:meta])* $name:ident: $english:literal, $chinese:literal;)*) => {
        /// All texts, by what they are for.
        #[derive(Debug)]
        pub(super) struct Texts { $($(#[$about])* pub(super) $name: &'static str,)* }

        const ENGLISH: Texts = Texts { $($name: $english,)* };
        const CHINESE: Texts = Texts { $($name: $chinese,)* };

        #[cfg(test)]
        const ALL: &[(&str, &str, &str)] = &[$((stringify!($name), $english, $chinese),)*];
    };
}

texts! {
    // The way in.
    tagline: "Shared places, open to everyone", "人人可入的共享之地";
    resolving: "Looking for the host", "正在寻找主机";
    connecting: "Knocking at the door", "正在连接";
    proving: "Showing who you are", "正在确认身份";
    /// Megabytes there, megabytes in all.
    downloading: "Fetching the world: {} of {} MB", "正在下载世界：{} / {} MB";
    reading: "Unrolling the plans", "正在读取世界";
    building: "Setting the stones", "正在搭建世界";

    // Failures: what happened.
    fault_unreachable: "Nobody answers there", "无法连接";
    fault_busy: "Too many at the door", "来访者太多";
    fault_full: "The world is full", "世界已满";
    fault_refused: "The host does not let you in", "主机拒绝进入";
    fault_no_world: "There is no such world here", "这里没有这个世界";
    fault_version: "The two programs do not understand each other", "版本不一致";
    fault_stranger: "You have not met this host before", "这台主机以前没见过";
    fault_certificate: "This host looks different than before", "主机的证书变了";
    fault_broken: "This world cannot be shown", "无法显示这个世界";
    fault_disk: "There is no room for the world", "没有空间存放世界";
    fault_here: "This computer does not let us out", "本机出现问题";
    fault_replaced: "You have entered from another place", "你已在别处进入";
    fault_closed: "The visit is over", "访问已结束";

    // Failures: what to do.
    advice_unreachable: "Check the address, and that you are on the network. The host may have stopped, or its UDP port may be closed.",
        "请检查地址和网络。主机可能已停止，或者它的 UDP 端口未开放。";
    advice_busy: "Wait a little, then try again.", "请稍等片刻再试。";
    advice_full: "As many people as fit are inside. Try again when somebody has left.", "里面的人已满。等有人离开后再试。";
    advice_refused: "Ask the host. Its reason stands below.", "请询问主机。原因见下。";
    advice_no_world: "Check the last part of the address; what exists stands below.", "请检查地址的最后一部分；现有的世界见下。";
    advice_version: "Update the older of the two: this program, or the server.", "请更新较旧的一方：本程序或服务器。";
    advice_stranger: "Nothing vouches for it yet. If the host has told you a fingerprint, compare it with this one. Once you enter, it is remembered, and you are warned when it ever changes.",
        "目前没有凭据能证明它的身份。如果主机告诉过你指纹，请与下面的比对。进入后会记住它，以后若有变化会提醒你。";
    advice_certificate: "Ask the host whether its certificate was renewed. If not, somebody may be listening: do not enter. If so, get a new invitation, or remove its line from the file known_servers.",
        "请向主机确认证书是否更换过。若没有，可能有人在窃听：不要进入。若有，请索取新的邀请，或从 known_servers 文件中删除该行。";
    advice_broken: "Tell the host what stands below: a file of the world is at fault, not your computer.", "请把下面的内容告诉主机：问题在世界的文件，不在你的电脑。";
    advice_disk: "Make room on the disk, then try again.", "请清理磁盘空间后再试。";
    advice_here: "What the system said stands below.", "系统的说明见下。";
    advice_replaced: "Only one visit of a person goes on at a time. You may take it back here.", "同一个人只能同时在一处。你可以在此处重新进入。";
    advice_closed: "You may come back at any time.", "随时可以再来。";
    /// Before the particulars, which stay in the words of the program or of the host.
    fault_detail: "In detail", "详情（程序或主机的原文）";
    retry: "Try again", "重试";
    come_back: "Enter again", "再次进入";
    quit: "Quit", "退出";
    to_start: "Elsewhere", "去别处";
    stranger_enter: "Enter and remember", "进入并记住";
    stranger_back: "Go back", "返回";
    stranger_address: "Address", "地址";
    stranger_fingerprint: "Fingerprint", "指纹";

    // Inside.
    hint_grab: "Pick up", "拿起";
    hint_put: "Put down", "放下";
    hint_throw: "Throw", "扔出";
    hint_sit: "Sit down", "坐下";
    hint_stand: "Stand up", "站起";
    hint_write: "Pin a note", "贴便条";
    /// Thing.
    hint_take_away: "Take away {}", "拿走 {}";
    /// Thing, who placed it.
    hint_take_away_of: "Take away {} of {}", "拿走 {}（{} 放的）";
    /// Name.
    entered: "{} has come in", "{} 进来了";
    /// Name.
    left: "{} has left", "{} 离开了";
    /// Name, thing.
    thing_placed: "{} has placed {}", "{} 放置了 {}";
    /// Name.
    waves: "{} waves", "{} 在挥手";
    lost: "The connection is lost", "连接已断开";
    lost_detail: "You stay where you are; coming back by itself", "你会留在原地；正在自动重连";
    back: "Connected again", "已重新连接";
    bot: "bot", "机器人";
    away: "away", "离线";
    you: "you", "你";
    /// People, capacity.
    people_here: "Here now: {} of {}", "在场：{} / {}";
    /// Avatar, authors.
    avatar_by: "Avatar: {} by {}", "形象：{}，作者：{}";
    chat_hint: "Say something", "说点什么";
    /// People.
    and_more: "and {} more", "还有 {} 人";
    chat_kept: "Your text is kept: press Enter", "文字已保留：按回车";
    chat_too_long: "That is too long for one line", "太长了，一行说不下";
    /// Key.
    help_hint: "for help", "查看帮助";
    click_to_look: "Click to look around", "点击以环顾四周";

    // Denials.
    denied_reach: "That is too far away", "太远了";
    denied_taken: "Somebody else has it", "别人正拿着它";
    denied_heavy: "That cannot be carried", "搬不动它";
    denied_unknown: "That is not here any more", "它已不在这里";
    denied_not_yours: "That is somebody else's", "那是别人的";
    denied_fast: "Not so fast", "慢一点";
    denied_text: "That text cannot be shown", "这段文字无法显示";
    denied_board: "The notice board is full", "布告栏已满";
    denied_host: "The host does not let you do that here", "主机不允许你在这里这样做";
    denied_occupied: "Somebody is there, or people arrive there", "那里有人，或是入口";
    denied_room: "There is no room for it", "没有空间放它";
    denied_file: "The server has let go of the file: try again", "服务器没有这个文件了：请再试一次";
    denied_disk: "The server cannot keep it now", "服务器暂时无法保存";
    denied_other: "That does not work now", "现在不行";

    // Help.
    help_title: "Keys", "按键";
    help_moving: "Moving and doing", "行动";
    help_doing: "With others", "交流";
    help_seeing: "Screens", "界面";
    help_walk: "Walk", "走";
    help_look: "Look around", "环顾";
    help_mouse: "Mouse", "鼠标";
    help_run: "Run", "跑";
    help_jump: "Jump", "跳";
    help_crouch: "Crouch", "蹲";
    help_grab: "Pick up, put down", "拿起、放下";
    help_throw: "Throw", "扔";
    help_sit: "Sit down", "坐下";
    help_wave: "Wave", "挥手";
    help_view: "First or third person", "第一或第三人称";
    help_wheel: "Wheel", "滚轮";
    help_zoom: "Look closer", "拉近视野";
    help_chat: "Write to everybody", "聊天";
    help_people: "Who is here", "看看谁在";
    help_note: "Pin a note to the board", "在布告栏贴便条";
    help_network: "How the network fares", "网络状况";
    help_portal: "Where a portal leads", "查看传送门通往何处";
    help_place: "Put down what you bring", "放下带来的东西";
    help_turn: "Turn what you bring", "转动带来的东西";
    help_take_away: "Take away what you placed", "拿走自己放的东西";
    help_menu: "Menu and settings", "菜单与设置";
    help_hide: "Hide all this", "隐藏界面";
    help_close: "Close", "关闭";
    help_fullscreen: "Full screen", "全屏";
    help_this: "These keys", "查看按键";
    key_space: "Space", "空格";
    key_enter: "Enter", "回车";
    key_delete: "Delete", "删除键";

    // Menu.
    menu_resume: "Back to the world", "回到世界";
    menu_invite: "Invite somebody", "邀请他人";
    menu_settings: "Settings", "设置";
    menu_keys: "Keys", "按键";
    menu_persona: "Name and look", "名字与形象";
    menu_leave: "Leave", "离开";
    back_to_menu: "Back", "返回";
    invite_title: "Invitation", "邀请";
    invite_how: "Whoever has this address can come in: they paste it on their start screen, or run “stoa join” with it. It vouches for the host.",
        "有此地址的人都能进来：在开始画面粘贴，或用 stoa join 打开。它能证明主机的身份。";
    invite_network: "This address holds in your own network. From outside, people need your public address and an open UDP port {}.",
        "此地址在你的局域网内有效。外面的人需要你的公网地址，并开放 UDP 端口 {}。";
    invite_here: "This world can be reached from this computer alone: nobody else can come in by this address.",
        "这个世界只能在本机访问：别人无法用此地址进来。";
    invite_host: "To have guests, host it for the network:", "要接待客人，请这样对网络开放：";
    copy: "Copy", "复制";
    invited: "Copied: send it to a friend", "已复制：发给朋友吧";
    invited_here: "Copied. It opens on this computer only", "已复制，但只在本机有效";
    not_copied: "The clipboard does not work here", "剪贴板不可用";
    setting_sensitivity: "Mouse", "鼠标灵敏度";
    setting_field: "Field of view", "视野";
    setting_volume: "Volume", "音量";
    setting_graphics: "Graphics", "画质";
    setting_fullscreen: "Full screen", "全屏";
    setting_language: "Language", "语言";
    /// The preset that suits the adapter.
    graphics_auto: "Automatic ({})", "自动（{}）";
    graphics_low: "Low", "低";
    graphics_medium: "Medium", "中";
    graphics_high: "High", "高";
    graphics_later: "Edges and shadows change at once, the sharpness of pictures at the next entry",
        "边缘与阴影立即生效，贴图清晰度下次进入时生效";
    on: "On", "开";
    off: "Off", "关";
    this_language: "English", "中文";
    /// The language that a press changes to, in that language.
    other_language: "中文", "English";
    /// What the system said.
    not_saved: "The settings cannot be kept: {}", "设置无法保存：{}";

    // First start and start screen.
    welcome: "Welcome", "欢迎";
    welcome_lead: "No account is needed. A name and a look are enough, and both can be changed at any time.",
        "不需要账号。有名字和形象就够了，两者随时可改。";
    ask_name: "How shall others call you?", "大家怎么称呼你？";
    ask_avatar: "How do you want to look?", "你想是什么样子？";
    enter: "Enter", "进入";
    keep: "Keep", "保存";
    keeping: "Telling the others", "正在告知他人";
    name_hint: "Any script, at most 24 characters", "任何文字，最多 24 个字";
    name_empty: "Choose at least one letter", "至少写一个字";
    name_long: "At most 24 characters", "最多 24 个字";
    name_character: "There is a character that cannot be shown", "有无法显示的字符";
    start_title: "Where to?", "去哪里？";
    start_home: "Your home world", "自己的世界";
    start_home_about: "A plaza on this computer", "本机上的广场";
    start_address: "Somebody's world: paste an invitation or an address", "别人的世界：粘贴邀请或地址";
    start_opening: "Opening your home world", "正在打开自己的世界";
    /// What the system or the server said.
    start_not_opened: "Your home world cannot be opened: {}", "无法打开自己的世界：{}";
    /// Name.
    start_as: "You are {}", "你是 {}";
    address_scheme: "An address looks like stoa://example.org/plaza", "地址形如 stoa://example.org/plaza";
    address_host: "The address names no host", "地址里没有主机";
    address_port: "The port must be a number from 1 to 65535", "端口应是 1 到 65535 的数字";
    address_world: "A world's name has letters, digits, - _ and . only", "世界名只含字母、数字、- _ 和 .";
    address_fingerprint: "The part before @ is incomplete: copy the invitation again", "@ 之前的部分不完整：请重新复制邀请";
    address_long: "That is too long for an address", "地址太长";

    // The studio.
    studio_drop: "Drop it here", "放在这里";
    studio_drop_about: "You see it alone, with a report on what works and what it costs",
        "单独查看它，并附上检查报告与开销";
    /// File.
    studio_opening: "Setting up {}", "正在布置 {}";
    /// File.
    studio_converting: "Making glTF of {}", "正在把 {} 转换为 glTF";
    /// Seconds.
    studio_seconds: "{} s", "{} 秒";
    studio_stop: "Stop", "停止";
    fault_unconverted: "This file cannot be converted", "无法转换这个文件";
    advice_unconverted: "Mend what stands below, or export the file as glTF (.glb) from your program; then try once more. Nothing else is lost.",
        "请按下面的说明修改，或从你的程序导出为 glTF（.glb），然后再试一次。其他一切都没有影响。";
    advice_no_converter: "The program that converts is missing: put stoa-import beside stoa, then try once more; or export the file as glTF (.glb).",
        "缺少转换程序：请把 stoa-import 放在 stoa 旁边再试一次，或将文件导出为 glTF（.glb）。";
    advice_converts_long: "It takes too long. Make the file smaller, or export it as glTF (.glb) from your program; then try once more.",
        "转换耗时过长。请缩小文件，或从你的程序导出为 glTF（.glb），然后再试一次。";
    advice_converts_not_here: "The system does not let it: look at what stands below, then try once more.",
        "系统不允许：请查看下面的说明，然后再试一次。";
    /// File.
    studio_ask: "Look at {}?", "查看 {}？";
    /// World.
    studio_ask_about: "For that you leave {}. When you are done, you come back to its entrance, if there is room for you then.",
        "为此你会离开 {}。看完后会回到它的入口，前提是那时还有空位。";
    studio_look: "Look at it", "查看";
    studio_stay: "Stay here", "留在这里";
    // The network panel.
    /// Milliseconds of a round trip; kbit/s in and out.
    network_line: "Line: {} ms there and back, {} kbit/s in, {} kbit/s out", "线路：往返 {} 毫秒，收 {} 千比特/秒，发 {} 千比特/秒";
    /// Snapshots a second, age of the newest, how far behind the server is shown, how many came late, corrections.
    network_states: "State: {} a second, {} ms old, shown {} ms behind; {} came late, {} corrections", "状态：每秒 {} 次，已 {} 毫秒，延迟 {} 毫秒显示；迟到 {}，纠正 {}";
    /// Percent: positions and headings of people, positions and rotations of things, velocities, bookkeeping.
    network_spent: "Its bytes: people's places {} %, their turning {} %; things' places {} %, their turning {} %, speeds {} %; which and when {} %", "字节用于：人的位置 {} %、转向 {} %；物的位置 {} %、转动 {} %、速度 {} %；标识与时刻 {} %";
    network_thing: "A thing", "一个物体";
    network_rests: ", at rest", "，静止";
    /// Name, metres, states a second, age of the newest in milliseconds, perhaps that it rests.
    network_target: "In view: {}, {} m away: {} states a second, newest {} ms old{}", "视线中：{}，距离 {} 米：每秒 {} 次状态，最新 {} 毫秒前{}";
    network_nothing: "In view: nothing that the server tells of", "视线中：没有服务器告知的东西";
    /// Records in a send, records that did not fit, sends for which the longest of those has waited.
    network_told: "Told: {} of them in each; {} that were due did not fit, the longest waits for {}", "告知：每次 {} 项；另有 {} 项未能放入，最久已等待 {} 次";
    /// People, work of a tick, lateness, sends left out.
    network_server: "Server: {} people, ticks take {} ms and begin {} ms late (99 of 100); {} sends left out", "服务器：{} 人，每拍 {} 毫秒、迟 {} 毫秒（百分之九十九）；略过 {} 次发送";
    // A portal.
    crossing_untitled: "Go through", "穿过去";
    /// Title of the portal.
    crossing_ask: "{}: go through?", "{}：要穿过去吗？";
    crossing_within: "It leads to another spot in this world. You arrive there anew.", "通往本世界的另一处，您将重新到达那里。";
    crossing_beside: "It leads to another world on the same server. You leave this one.", "通往同一服务器上的另一个世界，您将离开这里。";
    crossing_elsewhere: "It leads to another server. You leave this world; whoever runs the other one sees your name and your look.", "通往另一台服务器。您将离开这个世界；对方的运营者会看到您的名字和形象。";
    crossing_web: "It leads to a page on the web. Stoa does not open those: here is its address.", "通往一个网页。Stoa 不会打开网页，地址如下。";
    crossing_nowhere: "It leads nowhere: whoever made this world gave it an address that names no world.", "此路不通：世界的作者给它的地址不指向任何世界。";
    crossing_address: "Address", "地址";
    crossing_stay: "Stay here", "留在这里";
    crossing_go: "Go through", "穿过去";
    /// World.
    studio_back: "Back to {}", "回到 {}";
    studio_leave: "Leave the studio", "离开展示间";
    studio_broken_advice: "Mend what stands below and export the file again; then try once more. Nothing else is lost.",
        "请按下面的说明修改并重新导出，然后再试一次。其他一切都没有影响。";
    /// World.
    studio_place: "Place it in {}", "放到 {}";
    /// Format.
    studio_converted: "Converted from {}", "由 {} 转换而来";
    studio_converting_again: "Converting what was saved", "正在转换新保存的内容";
    /// What is wrong.
    studio_unconverted: "What was saved cannot be converted, and you see it as it was before: {}", "新保存的内容无法转换，你看到的仍是之前的样子：{}";
    /// Notes.
    studio_more_notes: "and {} more: stoa-import convert tells them", "还有 {} 项，见 stoa-import convert";

    // Things that people place.
    /// File, world.
    place_ask: "Place {} in {}?", "把 {} 放到 {}？";
    /// World.
    place_about: "Everybody who comes to {} receives the file, and can keep it. Place only what you may give away. You can take it back whenever you are there.",
        "来到 {} 的每个人都会收到这个文件，并能保留它。只放置你有权给别人的东西。你在那里时随时可以拿走它。";
    place_licence: "What the file says of its maker and licence", "文件所载的作者与许可";
    place_no_licence: "Nothing", "没有";
    place_size: "Size", "大小";
    /// Megabytes, triangles.
    place_measure: "{}, {} triangles", "{}，{} 个三角形";
    place_yes: "Take it there", "带过去";
    place_no: "Not now", "暂不";
    /// File.
    place_unfit: "{} cannot be placed", "无法放置 {}";
    place_unfit_about: "A thing is one file that is not too large, with something to see. “stoa-import convert” makes one small file of several.",
        "一件东西是一个不太大的文件，且看得见。stoa-import convert 能把几个文件合成一个小文件。";
    /// World.
    place_barred: "You may not place things in {}", "你不能在 {} 放置东西";
    place_barred_about: "Its host decides who may. Give them your key: it names you, and opens nothing.",
        "由主机决定谁可以。把你的公钥告诉他们：它只表明你的身份，不会泄露什么。";
    /// File.
    place_nowhere: "{} is placed in a world, not here", "{} 要放在世界里，而不是这里";
    place_nowhere_about: "Here you look at it alone, and you came from no world. Leave by the menu, enter a world, your home for example, and drop the file on the window there: then L takes it along.",
        "你在这里单独查看它，而且不是从某个世界来的。请从菜单离开，进入一个世界（例如自己的世界），在那里把文件拖到窗口上：之后按 L 就能带上它。";
    wear: "Wear it", "穿上它";
    /// File.
    wear_ask: "Wear {}?", "穿上 {}？";
    wear_about: "You look like that in every world that you enter from now on, until you choose another look. Before others receive the file you are asked; until then they see one of Stoa's avatars.",
        "从现在起，你进入每个世界都是这个样子，直到你选择别的形象。别人收到文件之前会先问你；在那之前他们看到的是 Stoa 自带的形象。";
    wear_yes: "Wear it", "穿上";
    /// File.
    wear_unfit: "{} cannot be worn", "无法穿上 {}";
    wear_unfit_about: "An avatar is a VRM file with everything inside that keeps the limits. The report says what to mend.",
        "形象是一个完整且不超限的 VRM 文件。报告会说明要改什么。";
    worn: "You wear it in the next world that you enter", "进入下一个世界时你就会穿上它";
    place_key: "Your key", "你的公钥";
    place_here: "Put it down here", "就放这里";
    place_turn: "Turn it", "转动";
    place_drop: "Leave it", "不放了";
    /// Thing.
    place_sending: "Giving {} to the server", "正在把 {} 交给服务器";
    /// Thing.
    placed: "{} stands here now, for everybody", "{} 已放好，大家都能看到";
    place_failed: "It cannot be placed", "无法放置";
    share_ask: "Let others see your avatar?", "让别人看到你的形象吗？";
    /// World.
    share_about: "Everybody in {} receives its file, and can keep it. A yes is remembered for this file.", "{} 里的每个人都会收到这个文件，并且可以保留它。同意会记住这个文件。";
    share_right: "Its licence does not say that others may have it. Say yes only if you made it, or its maker lets you.", "它的许可没有说别人可以得到它。只有你是作者，或作者允许时，才选择同意。";
    share_maker: "Its name and maker", "名称与作者";
    share_licence: "What its licence says", "许可内容";
    share_everyone: "everybody may wear it", "任何人都可以使用";
    share_some: "only whom its maker lets may wear it", "只有作者允许的人可以使用";
    share_maker_alone: "only its maker may wear it", "只有作者本人可以使用";
    share_change: "it may be changed", "可以修改";
    share_change_and_pass: "it may be changed and then passed on", "可以修改并转发修改后的文件";
    share_no_change: "it may not be changed", "不可修改";
    share_companies: "companies may use it", "企业可以使用";
    share_profit: "a person may earn with it", "个人可以用于盈利";
    share_no_profit: "for personal use without profit", "仅限个人非盈利使用";
    /// What it is not for.
    share_not_for: "not for {}", "不可用于{}";
    share_violence: "excessive violence", "过度暴力";
    share_sexual_content: "excessive sexual content", "过度性内容";
    share_politics: "politics and religion", "政治与宗教";
    share_hate: "antisocial or hateful content", "反社会或仇恨内容";
    /// One of them, the next.
    share_and: "{}, {}", "{}、{}";
    share_pass: "its file may be passed on", "文件可以转发";
    share_no_pass: "its file may not be passed on", "文件不可转发";
    share_credit: "its maker is to be named", "须注明作者";
    share_yes: "Let them see it", "让他们看到";
    share_no: "Not now", "暂不";
    shared_not: "Others see you in one of Stoa's avatars", "别人看到的是 Stoa 自带的形象";
    shared_not_world: "This world lets nobody bring an avatar of their own.", "这个世界不允许自带形象。";
    shared_not_licence: "The licence of yours does not let others have its file. If it is yours to decide, allow redistribution when you export it.", "你的形象的许可不允许别人得到它的文件。如果由你决定，导出时请允许再分发。";
    /// Thing.
    clear_ask: "Take {} away?", "拿走 {}？";
    clear_about: "Then it is gone for everybody. Files on your disk stay as they are.", "之后大家都看不到它了。你磁盘上的文件不受影响。";
    clear_yes: "Take it away", "拿走";
    clear_no: "Leave it here", "留下";
    cleared: "It is taken away", "已拿走";

    // The report in the studio.
    report_show: "Show the report", "显示报告";
    report_hide: "Hide the report", "隐藏报告";
    report_checking: "Looking through the file", "正在检查文件";
    /// What the system or the checker said.
    report_none: "There is no report: {}", "没有报告：{}";
    report_loads: "It works here as it is.", "它在这里可以直接使用。";
    report_warns: "It works here; something is worth mending.", "它在这里可以使用，但有值得改进之处。";
    report_breaks: "It works here, but breaks rules of glTF: other programs may refuse it.",
        "它在这里可以使用，但不合 glTF 规则：其他程序可能拒绝它。";
    report_refused: "It cannot be used here: it is refused.", "它在这里无法使用：被拒绝了。";
    report_errors: "Errors", "错误";
    report_warnings: "Warnings", "警告";
    report_infos: "Notes", "说明";
    report_hints: "Hints", "提示";
    report_clean: "Nothing to mend", "没有需要修改的地方";
    report_cut_short: "There is more data than is looked into: not all of it was checked", "数据超出检查范围，未全部检查";
    report_cut_short_advice: "Make the file smaller, or split it.", "请缩小或拆分文件。";
    report_findings: "Worth mending first", "首先值得修改";
    report_small_findings: "Worth knowing", "值得知道";
    /// Kinds of findings.
    report_more: "and {} more: stoa-import check shows them", "还有 {} 项，见 stoa-import check";
    /// Places.
    report_places: "and {} more places", "及另外 {} 处";
    report_at_byte: "byte {}", "第 {} 字节";
    report_whole_file: "the file", "整个文件";
    report_cost_world: "What it costs as a world", "作为世界的开销";
    report_cost_avatar: "What it costs as an avatar", "作为形象的开销";
    report_cost_clip: "What it costs as an animation", "作为动画的开销";
    /// Value, budget.
    report_of: "{} of {}", "{} / {}";
    /// Costs.
    report_more_costs: "and {} more within the budget", "另有 {} 项在预算之内";
    cost_triangles: "Triangles", "三角形";
    cost_draw_calls: "Draw calls", "绘制次数";
    cost_texture_memory: "Texture memory", "贴图内存";
    cost_materials: "Materials", "材质";
    cost_joints: "Joints of a skin", "蒙皮骨骼";
    cost_morphs: "Morph targets of a mesh", "网格变形目标";
    cost_lights: "Lights", "灯光";
    cost_download: "Download", "下载量";
    cost_load_time: "Load time", "加载时间";

    // Notice board.
    note_hint: "What should everybody read?", "想让大家看到什么？";
    note_pin: "Pin", "贴上";
    note_kept: "Your text is kept at the board", "文字保留在布告栏";
    note_choose: "Choose yours", "选择你的";
    note_take_down: "Take down", "取下";
    note_own: "yours", "你的";
    age_now: "just now", "刚刚";
    /// Minutes.
    age_minutes: "{} min ago", "{} 分钟前";
    /// Hours.
    age_hours: "{} h ago", "{} 小时前";
    /// Days.
    age_days: "{} d ago", "{} 天前";
    noted: "Your note is on the board", "便条已贴上";
    board_title: "Notice board", "布告栏";
    board_empty: "Nothing here yet. Be the first to pin a note.", "还没有便条。来贴第一张吧。";
}

impl Words {
    /// The texts of a language.
    pub(super) const fn of(locale: Locale) -> Self {
        Self(match locale {
            Locale::English => &ENGLISH,
            Locale::Chinese => &CHINESE,
        })
    }
}

/// Puts values in the places of a text, in order.
pub(super) fn fill(text: &str, values: &[&str]) -> String {
    let mut parts = text.split("{}");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for (index, part) in parts.enumerate() {
        filled.push_str(values.get(index).copied().unwrap_or_default());
        filled.push_str(part);
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_language_has_an_empty_text_or_other_places_to_fill() {
        for (name, english, chinese) in ALL {
            assert!(!english.trim().is_empty(), "{name}");
            assert!(!chinese.trim().is_empty(), "{name}");
            let places = |text: &str| text.matches("{}").count();
            assert_eq!(places(english), places(chinese), "{name}");
        }
    }

    #[test]
    fn each_language_is_written_in_its_own_script() {
        let is_chinese = |text: &str| {
            text.chars()
                .any(|character| ('\u{4E00}'..='\u{9FFF}').contains(&character))
        };
        let is_of_the_other = |name: &str| name == "other_language";
        for (name, english, chinese) in ALL.iter().filter(|(name, ..)| !is_of_the_other(name)) {
            assert!(!is_chinese(english), "{name}");
            assert!(is_chinese(chinese) || chinese.contains("{}"), "{name}");
        }
    }

    #[test]
    fn values_go_to_their_places_even_if_they_look_like_places() {
        assert_eq!(fill("a {} b {} c", &["{}", "2"]), "a {} b 2 c");
        assert_eq!(fill("{} of {}", &["1"]), "1 of ");
        assert_eq!(fill("none", &["1"]), "none");
    }
}
